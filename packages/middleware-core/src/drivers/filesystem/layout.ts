import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'

/** Longest name of one file, in bytes, on every common file system. */
const MAX_NAME_BYTES = 255

/** Separator of a path and the rest of a name: {@link encodePath} encodes it in paths. */
const SEPARATOR = '+'

/** End of the name of an upload that its writer released without closing it: its last bytes may not be on the disk. */
const RELEASED = '.left'

/** End of the name of an upload that its writer closed: it is on the disk, name and all. */
const CLOSED = '.closed'

/** Digits of how often an upload was closed again with nothing added. */
const COUNT_LENGTH = 8

/** Characters that a name has beyond the path at most. */
const MAX_SUFFIX_LENGTH = SEPARATOR.length + randomUUID().length + '.'.length + COUNT_LENGTH + CLOSED.length

/** End of a name that tells how its writer ended, and how often the upload was closed again. */
const ending = /(?:\.left|(?:\.(\d+))?\.closed)$/

/**
 * Names of files on disk. A file of the storage is the file at its path below the root directory. What cannot be read
 * yet, or no longer, lies in directories whose names begin with `~`: no legal path leads there.
 */
export class Layout {
  readonly root: string
  /**
   * One file for each unfinished upload: one to `/a/b` is `~a~b+` and an id, which is another for each writer;
   * `~a~b+<id>.closed` once that closed it, `~a~b+<id>.1.closed` once another has closed it again and added nothing,
   * `~a~b+<id>.left` once its writer was released without a close.
   */
  readonly uploads: string
  /** Contents being written and directories being removed; after a crash, what was left of them. */
  readonly temporaries: string

  constructor(root: string) {
    this.root = root
    this.uploads = join(root, '~uploads')
    this.temporaries = join(root, '~temporary')
  }

  file(path: string): string {
    return join(this.root, path)
  }

  /** A free name for an upload to `path`. */
  newUpload(path: string): string {
    return join(this.uploads, `${nameOf(path)}${SEPARATOR}${randomUUID()}`)
  }

  temporary(): string {
    return join(this.temporaries, randomUUID())
  }
}

/** The name for an upload's file once its writer was released. */
export function releasedName(file: string): string {
  return openName(file) + RELEASED
}

/** The name for an upload's file once its writer has closed it. */
export function closedName(file: string): string {
  return openName(file) + CLOSED
}

/**
 * The name for the file of a closed upload that a writer continued and closes with nothing added. It never goes by the same
 * name twice: whoever saw it before, to purge it perhaps, does not find it by that name now.
 */
export function reclosedName(file: string): string {
  const times = Number(ending.exec(file)?.[1] ?? 0) + 1
  return `${openName(file)}.${times}${CLOSED}`
}

/** The names that the upload in the file of that name may go by a moment later, unless another writer continues it. */
export function possibleNames(file: string): string[] {
  return [openName(file), closedName(file), releasedName(file)]
}

/** True where a writer has the upload in the file of that name open, or had when it crashed. */
export function isOpen(file: string): boolean {
  return file === openName(file)
}

/** True where a writer has closed the upload in the file of that name. */
export function isClosed(file: string): boolean {
  return file.endsWith(CLOSED)
}

/** The id of the upload in the file of that name. */
export function idOf(file: string): string {
  return openName(file).slice(file.lastIndexOf(SEPARATOR) + SEPARATOR.length)
}

function openName(file: string): string {
  return file.replace(ending, '')
}

/** True where the upload in the file of that name leads to `path`. */
export function isUploadTo(path: string, file: string): boolean {
  return file.slice(0, file.lastIndexOf(SEPARATOR)) === nameOf(path)
}

/** True where it leads to `path` or below. False, as it cannot be told, where a hash stands for the difference. */
export function isUploadWithin(path: string, file: string): boolean {
  return isUploadTo(path, file) || file.startsWith(path === '/' ? '~' : `${encodePath(path)}~`)
}

/** A name that tells the path; of a path too long for that, its beginning and a hash. */
function nameOf(path: string): string {
  const name = encodePath(path)
  const maxLength = MAX_NAME_BYTES - MAX_SUFFIX_LENGTH
  if (name.length <= maxLength) return name
  const hash = SEPARATOR + createHash('sha256').update(path).digest('hex')
  return name.slice(0, maxLength - hash.length) + hash
}

/** ASCII, with `~` for each slash. What stands for something itself is encoded, so no two paths become the same name. */
function encodePath(path: string): string {
  return path
    .split('/')
    .map(component => encodeURIComponent(component).replaceAll('~', '%7E'))
    .join('~')
}
