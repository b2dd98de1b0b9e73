import { type CallOptions, childPath, isPathComponent } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { type PossibleDirectory, resolveDirectories } from './directories.ts'
import { firstPage, pages } from './pages.ts'

/**
 * Lists the absolute paths of a directory's direct children.
 *
 * A LIST with a delimiter jumps over what lies below the children, but does not say what that is: a child may be no more
 * than another program's directory marker, or hold only keys that no path leads to, and then it is no directory. A flat
 * LIST shows that but jumps over nothing. So a flat page comes first: for up to 1,000 objects that is all. From where it
 * ends, a delimiter finds the other children, 1,000 a LIST, and {@link resolveDirectories} looks into the directories among
 * them, as far as possible into many at once.
 */
export async function listChildren(bucket: Bucket, directory: string, options: CallOptions): Promise<string[]> {
  const listing = new Listing(bucket, bucket.keys.prefix(directory))
  await listing.read(options)
  return [...listing.children].map(name => childPath(directory, name))
}

class Listing {
  readonly children = new Set<string>()
  readonly #bucket: Bucket
  readonly #top: string
  readonly #candidates = new Map<string, PossibleDirectory>()

  constructor(bucket: Bucket, top: string) {
    this.#bucket = bucket
    this.#top = top
  }

  async read(options: CallOptions): Promise<void> {
    const { objects, isLast } = await firstPage(this.#bucket, { Prefix: this.#top }, options)
    const keys = objects.map(({ Key = '' }) => Key)
    for (const key of keys) this.#addFile(key)
    const last = keys.at(-1)
    if (isLast || last === undefined) return
    const inside = this.#childPrefix(last)
    if (inside !== undefined) this.#addCandidate({ prefix: inside, after: last })
    await this.#readChildren(inside === undefined ? last : this.#bucket.keys.startAfterPrefix(inside), options)
    const candidates = [...this.#candidates.values()]
    for (const prefix of await resolveDirectories(this.#bucket, this.#top, candidates, options)) {
      this.children.add(this.#name(prefix))
    }
  }

  async #readChildren(after: string, options: CallOptions): Promise<void> {
    const query = { Prefix: this.#top, Delimiter: '/', StartAfter: after }
    for await (const { objects, prefixes } of pages(this.#bucket, query, options)) {
      for (const { Key = '' } of objects) this.#addFile(Key)
      for (const prefix of prefixes) this.#addCandidate({ prefix, after: prefix })
    }
  }

  /** A file makes the child that it is, or lies below, a child for certain. */
  #addFile(key: string): void {
    if (this.#bucket.keys.path(key) !== undefined) this.children.add(this.#name(this.#childPrefix(key) ?? `${key}/`))
  }

  #addCandidate(candidate: PossibleDirectory): void {
    const { prefix } = candidate
    const name = this.#name(prefix)
    const isKnown = this.children.has(name) || this.#candidates.has(prefix)
    if (this.#bucket.keys.ownPrefix(prefix) !== undefined) return
    if (!isKnown && isPathComponent(name)) this.#candidates.set(prefix, candidate)
  }

  /** Prefix of all keys below the same child; undefined for the key of a direct child. */
  #childPrefix(key: string): string | undefined {
    const end = key.indexOf('/', this.#top.length)
    return end < 0 ? undefined : key.slice(0, end + 1)
  }

  #name(prefix: string): string {
    return prefix.slice(this.#top.length, -1)
  }
}

/** True where any file lies below `directory`. */
export async function isDirectory(bucket: Bucket, directory: string, options: CallOptions): Promise<boolean> {
  for await (const { objects } of pages(bucket, { Prefix: bucket.keys.prefix(directory), MaxKeys: 2 }, options)) {
    if (objects.some(({ Key = '' }) => bucket.keys.path(Key) !== undefined)) return true
  }
  return false
}
