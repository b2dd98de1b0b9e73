import { setTimeout } from 'node:timers/promises'
import { type FileInfo, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { mapConcurrent, settleAll } from '../storage/concurrency.ts'
import { blobData, blobs } from '../storage/layout.ts'
import { parsePath } from '../storage/parse-path.ts'
import type { Collection, SparingReason } from './collection.ts'
import { DamageCheck } from './damage-check.ts'
import { type Link, repositoryLinks } from './repository-links.ts'

/** Blob that no link leads to, as the listing showed it. */
export interface UnlinkedBlob extends Pick<FileInfo, 'size' | 'modifiedAt' | 'revision'> {
  readonly digest: Digest
}

/** Finds the blobs that no link leads to and that are old enough to go, in one flat listing, and counts the others. */
export async function findUnlinked(collection: Collection): Promise<UnlinkedBlob[]> {
  const { storage, linked, cutoff } = collection
  const unlinked: UnlinkedBlob[] = []
  const damage = new DamageCheck(collection)
  for await (const { path, size, modifiedAt, revision, isDirectory } of storage.walk(blobs)) {
    if (collection.isStopped) break
    const parsed = isDirectory ? undefined : parsePath(path)
    if (parsed?.kind !== 'blob') continue
    collection.tell({ type: 'tick' })
    const { digest } = parsed
    if (!linked.has(digest) && modifiedAt < cutoff) unlinked.push({ digest, size, modifiedAt, revision })
    else {
      collection.keep({ size })
      await damage.check({ path, size, digest })
    }
  }
  await damage.end()
  return unlinked
}

/**
 * Deletes blobs that no link leads to. Each is looked at once more right before: an upload of the same bytes that does not
 * find them linked or young writes them anew. What was written anew stays, whatever its age: S3 counts that of an object
 * that came in parts from when its upload was begun.
 *
 * @returns the digests of those that are gone
 */
export async function sweep(collection: Collection, unlinked: readonly UnlinkedBlob[]): Promise<ReadonlySet<Digest>> {
  const { storage, cutoff, dryRun } = collection
  const gone = new Set<Digest>()
  await mapConcurrent(unlinked, async blob => {
    if (collection.isStopped) return
    collection.tell({ type: 'tick' })
    const { digest, size } = blob
    const path = blobData(digest)
    try {
      const now = await undefinedIfNotFound(storage.stat(path, { fileOnly: true }))
      if (!now) return
      const reason = now.modifiedAt >= cutoff ? 'rewritten' : differenceOf(now, blob)
      if (reason) {
        collection.keep({ size })
        collection.tell({ type: 'spared', path, reason })
        return
      }
      if (!dryRun) await undefinedIfNotFound(storage.delete(path, { fileOnly: true }))
      gone.add(digest)
      collection.tell({ type: 'deleted', digest, size })
    } catch (error) {
      collection.fail(path, error)
    }
  })
  return gone
}

/**
 * Compares a file with what a listing showed; undefined when it was not written since. Some storages tell more than seconds in
 * one of the two only. The same bytes written anew may have the same revision: then only their time tells.
 */
function differenceOf(now: FileInfo, listed: UnlinkedBlob): SparingReason | undefined {
  const isOther = now.revision !== undefined && listed.revision !== undefined && now.revision !== listed.revision
  if (isOther) return 'rewritten'
  return secondOf(now.modifiedAt) === secondOf(listed.modifiedAt) ? undefined : 'times-differ'
}

function secondOf(time: Date): number {
  return Math.floor(time.getTime() / 1000)
}

/**
 * Looks whether a link leads to what has just been deleted. Between the last look at a blob and its deletion lies a moment
 * in which it may be pushed again; a registry that uses the bytes it finds whatever their age makes it longer. Whoever did
 * that must know. An upload under way, which may write its link before its bytes, gets time to end.
 */
export async function confirm(collection: Collection, gone: ReadonlySet<Digest>): Promise<void> {
  const { storage, settleMs } = collection
  const doubtful: Link[] = []
  for await (const { links } of repositoryLinks(storage)) {
    const suspects = links.filter(({ target }) => gone.has(target))
    await mapConcurrent(suspects, async link => {
      if (await leadsNowhere(storage, link)) doubtful.push(link)
    })
  }
  if (doubtful.length === 0) return
  await setTimeout(settleMs)
  await mapConcurrent(doubtful, async link => {
    if (!(await leadsNowhere(storage, link))) return
    const text = `${link.path}: its blob was pushed again while it was being deleted: push what needs it once more`
    collection.tell({ type: 'failure', text })
  })
}

/** True when a link is there, but not its blob. */
async function leadsNowhere(storage: StorageDriver, { path, target }: Link): Promise<boolean> {
  const [link, blob] = await settleAll(
    [path, blobData(target)].map(file => undefinedIfNotFound(storage.stat(file, { fileOnly: true }))),
  )
  return link !== undefined && blob === undefined
}
