import type { StorageDriver } from '@longshore/middleware-core'
import { collectGarbage } from '../../src/gc/collect-garbage.ts'
import type { CollectionEvent, CollectionOptions, CollectionSummary } from '../../src/gc/collection.ts'
import { referencesOf } from '../../src/gc/references.ts'
import { type Digest, digestOf, digestParts } from '../../src/oci/digest.ts'
import { blobData, layerLink, revisionLink } from '../../src/storage/layout.ts'

/** What is missing of a manifest of a repository, as one who pulls it would find. */
export async function missingOf(storage: StorageDriver, repository: string, digest: Digest): Promise<string[]> {
  const content = await contentOf(storage, blobData(digest))
  if (!content) return [blobData(digest)]
  if (digestOf(content, digestParts(digest).algorithm) !== digest) return [`wrong bytes: ${digest}`]
  const isLinked = (path: string): Promise<boolean> => contentOf(storage, path).then(Boolean)
  if (!(await isLinked(revisionLink(repository, digest)))) return [revisionLink(repository, digest)]
  const missing: string[] = []
  for (const named of referencesOf(content)?.named ?? []) {
    if (await isLinked(revisionLink(repository, named))) {
      missing.push(...(await missingOf(storage, repository, named)))
    } else {
      if (!(await isLinked(layerLink(repository, named)))) missing.push(layerLink(repository, named))
      if (!(await contentOf(storage, blobData(named)))) missing.push(blobData(named))
    }
  }
  return missing
}

async function contentOf(storage: StorageDriver, path: string): Promise<Uint8Array | undefined> {
  return storage.getContent(path).catch(() => undefined)
}

/** Whether there is a file. */
export async function has(storage: StorageDriver, path: string): Promise<boolean> {
  return (await contentOf(storage, path)) !== undefined
}

/** A collection with what it told. It need not wait where no request is under way. */
export async function collect(
  storage: StorageDriver,
  options: CollectionOptions = {},
): Promise<{ summary: CollectionSummary; events: CollectionEvent[] }> {
  const events: CollectionEvent[] = []
  const onEvent = (event: CollectionEvent): void => {
    events.push(event)
    options.onEvent?.(event)
  }
  const summary = await collectGarbage(storage, { settleMs: 0, ...options, onEvent })
  return { summary, events }
}

/** The texts of what was amiss. */
export function troubleIn(events: readonly CollectionEvent[]): string[] {
  return events.flatMap(event => (event.type === 'warning' || event.type === 'failure' ? [event.text] : []))
}

/** The digests whose bytes went. */
export function deletedIn(events: readonly CollectionEvent[]): Digest[] {
  return events.flatMap(event => (event.type === 'deleted' ? [event.digest] : [])).toSorted()
}
