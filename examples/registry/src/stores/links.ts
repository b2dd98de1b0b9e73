import { type CallOptions, type StorageDriver, isStorageError } from '@longshore/middleware-core'
import { type Digest, asDigest } from '../oci/digest.ts'

/** The digest that a link leads to, or undefined when there is no such link. */
export async function readLink(storage: StorageDriver, path: string): Promise<Digest | undefined> {
  const content = await orUndefined(storage.getContent(path))
  if (content === undefined) return undefined
  const digest = asDigest(Buffer.from(content).toString('latin1'))
  if (digest === undefined) throw new Error(`not a link: ${path}`)
  return digest
}

/** What a link leads to. */
export interface Followed<Found> {
  readonly target: Digest
  /** Undefined when nothing is there. */
  readonly found: Found | undefined
}

/** Whether a link is there in most cases. */
export type LinkLikelihood = 'likely' | 'unlikely'

/**
 * Follows the link at `path`, or gives undefined when there is none. Nearly every link leads to the digest that it is named
 * for, so that is looked at while a link is read that is likely there. Where one is not, that would cut a request off, and
 * its connection with it.
 *
 * What is found under a digest is all repositories' and the link is one's. So where there is no link the other call is given
 * up, and neither how long it takes nor how it ends shows.
 */
export async function followLink<Found>(
  storage: StorageDriver,
  path: string,
  digest: Digest,
  look: (target: Digest, options: CallOptions) => Promise<Found | undefined>,
  likelihood: LinkLikelihood = 'likely',
): Promise<Followed<Found> | undefined> {
  if (likelihood === 'unlikely') {
    const target = await readLink(storage, path)
    return target && { target, found: await look(target, {}) }
  }
  const early = new AbortController()
  const found = look(digest, { signal: early.signal })
  // Whether anybody waits for it is known only later.
  found.catch(() => {})
  let target: Digest | undefined
  try {
    target = await readLink(storage, path)
  } finally {
    if (target !== digest) early.abort()
  }
  return target && { target, found: await (target === digest ? found : look(target, {})) }
}

export async function writeLink(storage: StorageDriver, path: string, digest: Digest): Promise<void> {
  await storage.putContent(path, digest)
}

/** What a call gives, or undefined when it finds nothing at its path. */
export async function orUndefined<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return undefined
    throw error
  }
}

/** Deletes what is at a path. False when nothing is. */
export async function remove(storage: StorageDriver, path: string): Promise<boolean> {
  return (await orUndefined(storage.delete(path).then(() => true))) ?? false
}
