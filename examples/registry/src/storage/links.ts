import { type CallOptions, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Digest, asDigest } from '../oci/digest.ts'

/** Bytes of the longest link: `sha512:` and 128 digits. */
export const MAX_LINK_BYTES = 135

/**
 * Reads the digest that a link leads to; undefined when there is no such link. One that holds no digest counts as none: it was
 * cut off or replaced, by a tool that moved the bucket or a disk that was full, and the next push writes it anew.
 */
export async function readLink(storage: StorageDriver, path: string): Promise<Digest | undefined> {
  const content = await undefinedIfNotFound(storage.getContent(path))
  return content && asDigest(Buffer.from(content).toString('latin1'))
}

/** Target of a link, and what is there. */
export interface ResolvedLink<Found> {
  readonly target: Digest
  /** Undefined when nothing is there. */
  readonly found: Found | undefined
}

/**
 * Follows the link at `path`; undefined when there is none. Nearly every link leads to the digest that it is named for, so
 * with `prefetch` that is looked up while the link is read. Leave it out where a link is probably missing: an aborted
 * request takes its connection with it.
 *
 * A digest's bytes belong to all repositories and the link to one. So without a link the lookup is aborted, and neither its
 * duration nor its outcome shows.
 */
export async function resolveLink<Found>(
  storage: StorageDriver,
  path: string,
  digest: Digest,
  lookUp: (target: Digest, options: CallOptions) => Promise<Found | undefined>,
  { prefetch = true } = {},
): Promise<ResolvedLink<Found> | undefined> {
  if (!prefetch) {
    const target = await readLink(storage, path)
    return target && { target, found: await lookUp(target, {}) }
  }
  const early = new AbortController()
  const found = lookUp(digest, { signal: early.signal })
  // It is awaited below only where the link leads to it.
  found.catch(() => {})
  let target: Digest | undefined
  try {
    target = await readLink(storage, path)
  } finally {
    if (target !== digest) early.abort()
  }
  return target && { target, found: await (target === digest ? found : lookUp(target, {})) }
}

export async function writeLink(storage: StorageDriver, path: string, digest: Digest): Promise<void> {
  await storage.putContent(path, digest)
}

/** Deletes what is at a path; false when nothing is. */
export async function remove(storage: StorageDriver, path: string): Promise<boolean> {
  return (await undefinedIfNotFound(storage.delete(path).then(() => true))) ?? false
}
