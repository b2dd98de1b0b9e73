import { type StorageDriver, isStorageError } from '@longshore/middleware-core'
import { type Digest, asDigest } from '../oci/digest.ts'

/** The digest that a link leads to, or undefined when there is no such link. */
export async function readLink(storage: StorageDriver, path: string): Promise<Digest | undefined> {
  const content = await orUndefined(storage.getContent(path))
  if (content === undefined) return undefined
  const digest = asDigest(Buffer.from(content).toString('latin1'))
  if (digest === undefined) throw new Error(`not a link: ${path}`)
  return digest
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
