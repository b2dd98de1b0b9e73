import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'

/** Longest name of one file, in bytes, on every common file system. */
const MAX_NAME = 255

/** Stands between a path and what else a name tells: {@link flat} encodes it in paths. */
const SEPARATOR = '+'

/** Ends the name of an upload that its writer let go of without closing it: its last bytes may not be on the disk. */
const LEFT = '.left'

/** Ends the name of an upload that its writer closed: it is on the disk, name and all. */
const CLOSED = '.closed'

/** Digits of how often an upload was closed again with nothing added. */
const TIMES_LENGTH = 8

/** Characters that a name has beyond the path at most. */
const ID_LENGTH = SEPARATOR.length + randomUUID().length + '.'.length + TIMES_LENGTH + CLOSED.length

/** End of a name that tells how its writer let go of the upload, and how often it was closed again. */
const ending = /(?:\.left|(?:\.(\d+))?\.closed)$/

/**
 * Where things lie on disk. A file of the storage is the file at its path below the root directory. What cannot be read
 * yet, or no longer, lies in directories whose names begin with `~`: no legal path leads there.
 */
export class Layout {
  readonly root: string
  /**
   * One file for each unfinished upload: one to `/a/b` is `~a~b+` and an id, which is another for each writer;
   * `~a~b+<id>.closed` once that closed it, `~a~b+<id>.1.closed` once another has closed it again and added nothing,
   * `~a~b+<id>.left` once its writer let go of it in another way.
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

/** The name for an upload's file once its writer has let go of it. */
export function leftName(file: string): string {
  return heldName(file) + LEFT
}

/** The name for an upload's file once its writer has closed it. */
export function closedName(file: string): string {
  return heldName(file) + CLOSED
}

/**
 * The name for the file of a closed upload that a writer continued and closes with nothing added. It never goes by the same
 * name twice: whoever saw it before, to purge it perhaps, does not find it by that name now.
 */
export function reclosedName(file: string): string {
  const times = Number(ending.exec(file)?.[1] ?? 0) + 1
  return `${heldName(file)}.${times}${CLOSED}`
}

/** The names that the upload in the file of that name may go by a moment later, unless another writer continues it. */
export function namesOf(file: string): string[] {
  return [heldName(file), closedName(file), leftName(file)]
}

/** True where a writer holds the upload in the file of that name, or held it when it crashed. */
export function isHeld(file: string): boolean {
  return file === heldName(file)
}

export function isClosed(file: string): boolean {
  return file.endsWith(CLOSED)
}

/** The id of the upload in the file of that name. */
export function idOf(file: string): string {
  return heldName(file).slice(file.lastIndexOf(SEPARATOR) + SEPARATOR.length)
}

function heldName(file: string): string {
  return file.replace(ending, '')
}

/** True where the upload in the file of that name leads to `path`. */
export function isUploadTo(path: string, file: string): boolean {
  return file.slice(0, file.lastIndexOf(SEPARATOR)) === nameOf(path)
}

/** True where it leads to `path` or below. Undecidable, and false, where a hash stands for the difference. */
export function isUploadWithin(path: string, file: string): boolean {
  return isUploadTo(path, file) || file.startsWith(path === '/' ? '~' : `${flat(path)}~`)
}

/** A name that tells the path; of a path too long for that, its beginning and a hash. */
function nameOf(path: string): string {
  const name = flat(path)
  const longest = MAX_NAME - ID_LENGTH
  if (name.length <= longest) return name
  const hash = SEPARATOR + createHash('sha256').update(path).digest('hex')
  return name.slice(0, longest - hash.length) + hash
}

/** ASCII, with `~` for each slash. What stands for something itself is encoded, so no two paths become the same name. */
function flat(path: string): string {
  return path
    .split('/')
    .map(component => encodeURIComponent(component).replaceAll('~', '%7E'))
    .join('~')
}
