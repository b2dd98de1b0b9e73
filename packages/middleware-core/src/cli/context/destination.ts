import { undefinedIfNotFound } from '../../contract/errors.ts'
import { childPath } from '../../contract/paths.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import { readStoragePath } from './storage-path.ts'

/**
 * Path for a file of this name at a destination. A path with a slash at its end, or one where a directory is, is a directory to
 * put the file into.
 */
export async function destinationFor(
  storage: StorageDriver,
  name: string,
  given: string,
  signal: AbortSignal,
): Promise<string> {
  const { path, isDirectory } = readStoragePath(given)
  const isInto = isDirectory || (await undefinedIfNotFound(storage.stat(path, { signal })))?.isDirectory === true
  return isInto ? childPath(path, name) : path
}
