import { type FileInfo, type WalkOptions, compareBytes, walkPosition } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { pages } from './pages.ts'

/**
 * Walks the keys below a directory in one flat listing, 1,000 entries a LIST. A directory that is not descended into is
 * jumped over: when a page ends inside it, the next LIST starts after it.
 */
export async function* walkObjects(bucket: Bucket, directory: string, options: WalkOptions): AsyncGenerator<FileInfo> {
  const prefix = bucket.keys.prefix(directory)
  const directories = new OpenDirectories(directory)
  const isWanted = (entry: FileInfo): boolean =>
    options.startAfter === undefined || compareBytes(walkPosition(entry), options.startAfter) > 0
  let startAfter = options.startAfter === undefined ? '' : bucket.keys.key(options.startAfter)
  /** Prefix whose keys are left out, until one comes that does not begin with it. */
  let skipped: string | undefined
  do {
    const query = { Prefix: prefix, ...(compareBytes(startAfter, prefix) > 0 ? { StartAfter: startAfter } : {}) }
    const position = startAfter
    startAfter = ''
    for await (const { objects, isLast } of pages(bucket, query, options)) {
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of objects) {
        if (skipped !== undefined && Key.startsWith(skipped)) continue
        skipped = bucket.keys.ownPrefix(Key)
        const path = bucket.keys.path(Key)
        if (path === undefined) continue
        for (const entered of directories.enter(path)) {
          const info = { path: entered, size: 0, modifiedAt: new Date(0), isDirectory: true }
          if (isWanted(info)) yield info
          if (options.descend?.(info) ?? true) continue
          skipped = bucket.keys.prefix(entered)
          break
        }
        const file = { path, size: Size, modifiedAt: LastModified, isDirectory: false }
        if (skipped === undefined && isWanted(file)) yield file
      }
      if (skipped === undefined || isLast) continue
      const last = objects.at(-1)?.Key ?? ''
      const afterSkipped = bucket.keys.startAfterPrefix(skipped)
      // Names that sort even after that are passed one page at a time.
      const next = compareBytes(last, afterSkipped) > 0 ? last : afterSkipped
      // A page that brings nothing further, from a server that always claims more: its own token ends the listing.
      if (compareBytes(next, position) <= 0) continue
      startAfter = next
      break
    }
  } while (startAfter !== '')
}

/** The directories that the walk is inside of, outermost first. */
class OpenDirectories {
  readonly #from: string
  #open: string[] = []

  constructor(from: string) {
    this.#from = from === '/' ? '' : from
  }

  /** Moves on to the file at `path`: yields the directories that this enters. */
  *enter(path: string): Iterable<string> {
    this.#open = this.#open.filter(directory => path.startsWith(`${directory}/`))
    const innermost = this.#open.at(-1) ?? this.#from
    for (let end = path.indexOf('/', innermost.length + 1); end >= 0; end = path.indexOf('/', end + 1)) {
      const entered = path.slice(0, end)
      this.#open.push(entered)
      yield entered
    }
  }
}
