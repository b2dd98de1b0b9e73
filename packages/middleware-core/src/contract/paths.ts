import { StorageError } from './errors.ts'

/**
 * A path is one or more components of ASCII letters, digits, `.`, `_` and `-`, each after a slash: `/docker/registry/v2`.
 * The components `.` and `..` are refused: they mean something else to file systems and URLs.
 */
const legalPath = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/
const legalComponent = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/

/** The one directory that always exists. `stat`, `list` and `walk` accept it; nothing else does. */
export const root = '/'

/** Throws `INVALID_PATH` unless `path` is a legal path of a file or directory below the root. */
export function assertPath(path: string): void {
  if (typeof path !== 'string' || !legalPath.test(path)) throw invalidPath(path)
}

/** Throws `INVALID_PATH` unless `path` is legal or the root. */
export function assertDirectoryPath(path: string): void {
  if (path !== root) assertPath(path)
}

/** Whether `name` may stand between two slashes of a path: how a driver keeps foreign objects out of its listings. */
export function isPathComponent(name: string): boolean {
  return legalComponent.test(name)
}

/** Whether the slash-separated `key`, without a leading slash, is a legal path once it is given one. */
export function isRelativePath(key: string): boolean {
  return legalPath.test(`/${key}`)
}

/** The path of `name` in `directory`, which may be the root. */
export function childPath(directory: string, name: string): string {
  return directory === root ? `/${name}` : `${directory}/${name}`
}

/** The directory that holds `path`. */
export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || root
}

/**
 * Where an entry stands in the order of `walk`: its path, with a slash behind it when it is a directory. Comparing
 * positions as strings gives the byte order of an object store's keys, because legal paths are ASCII.
 */
export function walkPosition(entry: { path: string; isDirectory: boolean }): string {
  return entry.isDirectory && entry.path !== root ? `${entry.path}/` : entry.path
}

function invalidPath(path: unknown): StorageError {
  const found = typeof path === 'string' ? JSON.stringify(path) : `a value of type ${typeof path}`
  const accepted = 'components of A-Z a-z 0-9 . _ - each after one slash, such as /a/b.c'
  return new StorageError('INVALID_PATH', `invalid path: ${found}; accepted: ${accepted}`, {
    path: typeof path === 'string' ? path : undefined,
  })
}
