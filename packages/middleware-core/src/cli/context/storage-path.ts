import { StorageError } from '../../contract/errors.ts'
import { root } from '../../contract/paths.ts'

const scheme = 'storage:'

/** Path of the storage as an argument gives it. */
export interface GivenPath {
  /** Absolute, without a slash at its end. */
  readonly path: string
  /** True where a slash at the end says that a directory is meant. */
  readonly isDirectory: boolean
}

/** True for an argument that names the storage explicitly, with `storage:`. */
export function isStorageArgument(given: string): boolean {
  return given.startsWith(scheme)
}

/** Takes `storage:` off an argument that has it. */
export function withoutScheme(given: string): string {
  return isStorageArgument(given) ? given.slice(scheme.length) : given
}

/** Reads `/a/b`, `storage:/a/b` or `/a/b/`. `INVALID_PATH` for one that is not absolute; the storage checks the rest. */
export function readStoragePath(given: string): GivenPath {
  const path = withoutScheme(given)
  if (!path.startsWith('/')) {
    const accepted = 'an absolute path of the storage, such as /a/b or storage:/a/b'
    throw new StorageError('INVALID_PATH', `invalid path: ${JSON.stringify(path)}; accepted: ${accepted}`, { path })
  }
  if (path === root) return { path, isDirectory: true }
  return path.endsWith('/') ? { path: path.slice(0, -1), isDirectory: true } : { path, isDirectory: false }
}

/** Last component of a path; empty for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
