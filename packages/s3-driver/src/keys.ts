import { isRelativePath } from '@longshore/middleware-core'

/**
 * Between the contract's paths and a bucket's keys. A key is the root directory without slashes around it, then the path:
 * with root directory `/docker`, `/a/b` is `docker/a/b`. Distribution's layout is the same.
 *
 * Unfinished uploads have a record each below `~uploads/`, which no path can reach: `~` is in no legal path. It sorts
 * behind everything legal, so a walk may stop there.
 */
export class KeyMapper {
  /** Empty, or ends in a slash. */
  readonly #root: string

  constructor(rootDirectory: string) {
    const root = rootDirectory.replace(/^\/+|\/+$/g, '')
    this.#root = root === '' ? '' : `${root}/`
  }

  key(path: string): string {
    return this.#root + path.slice(1)
  }

  /** What the keys of everything below a directory begin with. */
  prefix(directory: string): string {
    return directory === '/' ? this.#root : `${this.key(directory)}/`
  }

  /** The path of a key, or undefined when no path leads to it. */
  path(key: string): string | undefined {
    const relative = key.slice(this.#root.length)
    return key.startsWith(this.#root) && isRelativePath(relative) ? `/${relative}` : undefined
  }

  /**
   * A key to list behind so as to leave out what lies below a prefix that ends in a slash. Names that begin with U+10FFFF
   * follow it all the same: whoever relies on having passed the prefix looks at the keys that come.
   */
  behind(prefix: string): string {
    return `${prefix}\u{10FFFF}`
  }

  /** Prefix of the driver's own keys to which a key or a common prefix belongs: no path leads there. */
  ownPrefix(key: string): string | undefined {
    return [`${this.#root}~temporary/`, this.#uploads].find(prefix => key.startsWith(prefix))
  }

  /** Where the record of an unfinished upload to `path` lies; for the root, what the keys of all records begin with. */
  checkpoint(path: string): string {
    return `${this.#uploads}${path.slice(1)}`
  }

  /** Where bytes of an upload lie that were stored only to free their memory: behind its record. */
  spill(path: string, id: string): string {
    return `${this.checkpoint(path)}~${id}`
  }

  /** Where a multipart upload becomes an object before that is copied to where its writer wants it: behind the record, too. */
  temporaryKey(path: string, id: string): string {
    return this.spill(path, id)
  }

  /** Key of an unfinished upload's own object beside its checkpoint: below a component that no path begins with. */
  temporary(path: string, id: string): string {
    return `${this.#root}~temporary/${path.slice(1)}/${id}`
  }

  /** Which spill a key below the upload records is, or undefined when it is a record. */
  overflowId(key: string): string | undefined {
    return key.slice(this.#uploads.length).split('~')[1]
  }

  /** The path whose upload a record's or a spill's key belongs to. */
  pathOfCheckpoint(key: string): string {
    return `/${key.slice(this.#uploads.length).replace(/~.*/, '')}`
  }

  /** The path of a temporaryKey upload by its key, or undefined when it is none. */
  pathOfTemporaryKey(key: string): string | undefined {
    const path = key.startsWith(this.#uploads) ? this.pathOfCheckpoint(key) : undefined
    return path !== undefined && isRelativePath(path.slice(1)) ? path : undefined
  }

  get #uploads(): string {
    return `${this.#root}~uploads/`
  }
}
