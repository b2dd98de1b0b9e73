import { StorageError } from './errors.ts'

/** The one directory that always exists. `stat`, `list` and `walk` accept it; nothing else does. */
export const root = '/'

/** Bytes of a path in UTF-8 at most, its leading slash left out: the length of an S3 key. */
const MAX_PATH_BYTES = 1024

/** Characters of a component: none that is a control character, an unpaired surrogate, or not to be had in XML (a listing of S3). */
const component = String.raw`(?!\.{1,2}(?:\/|$))[^\/\p{Cc}\p{Cs}\ufffe\uffff]+`

/** First components below which drivers keep what is unfinished. */
const reserved = '~(?:uploads|temporary)'

const legalPath = new RegExp(String.raw`^(?!\/${reserved}(?:\/|$))(?:\/${component})+$`, 'u')
const legalComponent = new RegExp(`^${component}$`, 'u')

/** Throws `INVALID_PATH` unless `path` is a legal path of a file or directory below the root. */
export function assertPath(path: string): void {
  if (!isLegal(path)) throw invalidPath(path)
}

/** Throws `INVALID_PATH` unless `path` is legal or the root. */
export function assertDirectoryPath(path: string): void {
  if (path !== root) assertPath(path)
}

/** True where `name` may stand between two slashes of a path: keeps foreign objects out of a driver's listings. */
export function isPathComponent(name: string): boolean {
  return legalComponent.test(name)
}

/** True where the slash-separated `key`, without a leading slash, is a legal path once it is given one. */
export function isRelativePath(key: string): boolean {
  return isLegal(`/${key}`)
}

/** Joins the path of `name` in `directory`, which may be the root. */
export function childPath(directory: string, name: string): string {
  return directory === root ? `/${name}` : `${directory}/${name}`
}

/** Gives the directory that holds `path`. */
export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || root
}

/** True where `path` lies somewhere below `directory`, which may be the root. */
export function isBelow(path: string, directory: string): boolean {
  return path !== root && path.startsWith(directory === root ? root : `${directory}/`)
}

/**
 * Position of an entry in the order of `walk`: its path, with a slash at its end when it is a directory. Positions compare by
 * {@link compareBytes}, which is the order of an object store's keys.
 */
export function walkPosition(entry: { path: string; isDirectory: boolean }): string {
  return entry.isDirectory && entry.path !== root ? `${entry.path}/` : entry.path
}

/**
 * Compares two texts by the bytes of their UTF-8. JavaScript's own order differs where a character beyond U+FFFF, which
 * UTF-16 writes as surrogates, meets one from U+E000 to U+FFFF.
 */
export function compareBytes(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let index = 0; index < end; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Moves surrogates after all other code units of UTF-16, as the bytes of their UTF-8 are. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

function isLegal(path: unknown): path is string {
  return typeof path === 'string' && legalPath.test(path) && !isTooLong(path)
}

/** A UTF-16 code unit is three bytes of UTF-8 at most. */
function isTooLong(path: string): boolean {
  return path.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(path) - 1 > MAX_PATH_BYTES
}

function invalidPath(path: unknown): StorageError {
  const isText = typeof path === 'string'
  const found = isText ? JSON.stringify(path) : `a value of type ${typeof path}`
  const accepted =
    isText && isTooLong(path)
      ? `${MAX_PATH_BYTES} bytes of UTF-8`
      : 'components each after one slash, such as /a/b.c, without control characters, none of them . or .., the first not ~uploads or ~temporary'
  const detail = `invalid path: ${found}; accepted: ${accepted}`
  return new StorageError('INVALID_PATH', detail, { path: isText ? path : undefined })
}
