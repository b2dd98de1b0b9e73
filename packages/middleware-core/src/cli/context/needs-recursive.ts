import { StorageError } from '../../contract/errors.ts'

/** A directory where only files are accepted. */
export function needsRecursive(path: string): StorageError {
  return new StorageError('NOT_A_DIRECTORY', `${path} is a directory; accepted with -r`, { path })
}
