import type { StorageDriver } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { mapConcurrent } from '../storage/concurrency.ts'
import { readReferences } from './references.ts'
import type { Link } from './repository-links.ts'

/** Link that is removed, with all that is needed to put it back. */
export interface Removal extends Pick<Link, 'kind' | 'path' | 'digest' | 'target'> {
  /** Subject of a manifest. */
  readonly subject?: Digest | undefined
}

/**
 * Finds which of a repository's removals would break one of these manifests, or one that is needed in its turn: links to the
 * manifest, to what it names, and to its referrers. When a manifest cannot be read, it may need them all.
 */
export async function findNeeded(
  storage: StorageDriver,
  manifests: readonly Pick<Link, 'digest' | 'target'>[],
  removals: readonly Removal[],
): Promise<ReadonlySet<Removal>> {
  const needed = new Set<Removal>()
  let wave = manifests
  while (wave.length > 0 && needed.size < removals.length) {
    const named = new Set<Digest>()
    const about = new Set(wave.map(({ digest }) => digest))
    for (const reading of await mapConcurrent(wave, ({ target }) => readReferences(storage, target))) {
      if (reading instanceof Error) return new Set(removals)
      if (reading !== 'missing') for (const digest of reading.named) named.add(digest)
    }
    const isNeeded = ({ digest, subject }: Removal): boolean =>
      named.has(digest) || about.has(digest) || (subject !== undefined && about.has(subject))
    const next = removals.filter(removal => !needed.has(removal) && isNeeded(removal))
    for (const removal of next) needed.add(removal)
    wave = next.filter(({ kind }) => kind === 'revision')
  }
  return needed
}
