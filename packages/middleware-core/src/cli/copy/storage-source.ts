import { StorageError, revisionMismatch } from '../../contract/errors.ts'
import type { FileInfo } from '../../contract/file-info.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { Source } from './source.ts'

/** A file of the storage, as `stat` or `walk` has told of it. Its revision is its identity. */
export async function storageSource(storage: StorageDriver, found: FileInfo, signal: AbortSignal): Promise<Source> {
  const { path } = found
  // A walk may leave the revision out.
  const info = found.revision === undefined ? await storage.stat(path, { signal, fileOnly: true }) : found
  const { size, revision } = info
  return {
    name: path,
    size,
    identity: revision === undefined ? undefined : `${size} ${revision}`,
    open: (offset, during) => storage.reader(path, { offset, ifRevision: revision, signal: during }),
    async assertUnchanged() {
      if (revision !== undefined) return
      const now = await storage.stat(path, { signal, fileOnly: true })
      if (now.size !== size || now.modifiedAt.getTime() !== info.modifiedAt.getTime()) throw revisionMismatch(path)
    },
    close: async () => {},
  }
}

/** Error of a source that ended too early or went on. */
export function wrongLength(name: string, found: number, expected: number): StorageError {
  return new StorageError('UNKNOWN', `${name}: found ${found} bytes; expected: ${expected}`)
}
