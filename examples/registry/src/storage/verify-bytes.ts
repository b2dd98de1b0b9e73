import { type FileInfo, type StorageDriver, isStorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Digest, createDigestHash, matches } from '../oci/digest.ts'
import type { Body } from './receive.ts'

/** Reads a file and compares its bytes with a digest. The file's revision ties the outcome to just these bytes. */
export async function hasDigest(
  storage: StorageDriver,
  { path, revision }: FileInfo,
  digest: Digest,
): Promise<boolean> {
  const hash = createDigestHash(digest)
  const reader: Body = await storage.reader(path, { ifRevision: revision })
  for await (const bytes of reader) hash.update(bytes)
  return matches(hash, digest)
}

/** Removes a file, unless it has been replaced meanwhile. Where the storage has no condition for that, it is asked right before. */
export async function removeRevision(storage: StorageDriver, { path, revision }: FileInfo): Promise<void> {
  try {
    await storage.delete(path, { fileOnly: true, ifRevision: revision })
  } catch (error) {
    if (isStorageError(error, 'PRECONDITION_FAILED', 'PATH_NOT_FOUND')) return
    if (!isStorageError(error, 'UNSUPPORTED')) throw error
    const now = await undefinedIfNotFound(storage.stat(path, { fileOnly: true }))
    if (now?.revision === revision) await undefinedIfNotFound(storage.delete(path, { fileOnly: true }))
  }
}
