import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'

/** Longest name of one file, in bytes, on every common file system. */
const MAX_NAME = 255

/**
 * Where things lie on disk. A file of the storage is the file at its path below the root directory. What cannot be read
 * yet, or no longer, lies in directories whose names begin with `~`: no legal path leads there.
 */
export class Layout {
  readonly root: string
  /** One file for each unfinished upload. */
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

  upload(path: string): string {
    return join(this.uploads, uploadName(path))
  }

  temporary(): string {
    return join(this.temporaries, randomUUID())
  }
}

/** Whether the upload of that name leads below `path`. Undecidable, and false, where a hash stands for the difference. */
export function isUploadBelow(name: string, path: string): boolean {
  return name.startsWith(path === '/' ? '~' : `${flat(path)}~`)
}

/** A name that tells the path; of a path too long for that, its beginning and a hash. */
function uploadName(path: string): string {
  const name = flat(path)
  if (name.length <= MAX_NAME) return name
  const hash = createHash('sha256').update(path).digest('hex')
  return `${name.slice(0, MAX_NAME - hash.length - 2)}~~${hash}`
}

/** Legal paths have no `~`, so no two of them become the same name. */
function flat(path: string): string {
  return path.replaceAll('/', '~')
}
