import { StorageError, isRelativePath } from '@longshore/middleware-core'

/**
 * Maps the contract's paths to a bucket's keys and back. A key is the root directory without slashes around it, then the path:
 * with root directory `/docker`, `/a/b` is `docker/a/b`. Distribution's layout is the same.
 *
 * Keys of unfinished uploads lie where no path leads: a checkpoint for each path with an upload below `~uploads/`, and whatever
 * else belongs to one upload alone below `~temporary/`.
 */
export class KeyMapper {
  /** Empty, or ends in a slash. */
  readonly #root: string

  constructor(rootDirectory: string) {
    const root = rootDirectory.replace(/^\/+|\/+$/g, '')
    this.#root = root === '' ? '' : `${root}/`
  }

  /** Throws `INVALID_PATH` where the key would be longer than S3 takes. */
  key(path: string): string {
    const key = this.#root + path.slice(1)
    assertFits(key, path, 'too many')
    return key
  }

  /** Prefix of all keys below a directory. */
  prefix(directory: string): string {
    return directory === '/' ? this.#root : `${this.key(directory)}/`
  }

  /** The path of a key, or undefined when no path leads to it. */
  path(key: string): string | undefined {
    const relative = key.slice(this.#root.length)
    return key.startsWith(this.#root) && isRelativePath(relative) ? `/${relative}` : undefined
  }

  /**
   * Key for `StartAfter` that skips what lies below a prefix that ends in a slash. Names that begin with U+10FFFF follow it
   * all the same: a caller that must have passed the prefix looks at the keys that come.
   */
  startAfterPrefix(prefix: string): string {
    return `${prefix}\u{10FFFF}`
  }

  /** Prefix of the driver's own keys to which a key or a common prefix belongs: no path leads there. */
  ownPrefix(key: string): string | undefined {
    return [`${this.#root}${TEMPORARY}`, `${this.#root}${UPLOADS}`].find(prefix => key.startsWith(prefix))
  }

  /** Key of the checkpoint of an unfinished upload to `path`; for the root, the prefix of all checkpoints. */
  checkpoint(path: string): string {
    return `${this.#root}${UPLOADS}${path.slice(1)}`
  }

  /** Path of the upload that a checkpoint belongs to; undefined for a key that is none of ours. */
  pathOfCheckpoint(key: string): string | undefined {
    const prefix = `${this.#root}${UPLOADS}`
    const relative = key.slice(prefix.length)
    return key.startsWith(prefix) && isRelativePath(relative) ? `/${relative}` : undefined
  }

  /** Key of an object that belongs to an unfinished upload to `path`; for the root, to none. Every `id` is unique. */
  temporary(path: string, id: string): string {
    return this.temporaryPrefix(path) + id
  }

  /** Prefix of the keys of all that belongs to unfinished uploads to `path`, and below it. */
  temporaryPrefix(path: string): string {
    return `${this.#root}${TEMPORARY}${path === '/' ? '' : `${path.slice(1)}/`}`
  }

  /** Path and id of a temporary key; undefined for a key that is none of ours. */
  parseTemporary(key: string): TemporaryKey | undefined {
    const prefix = `${this.#root}${TEMPORARY}`
    const end = Math.max(key.lastIndexOf('/'), prefix.length - 1)
    const relative = key.slice(prefix.length, end)
    const isOwn = key.startsWith(prefix) && key.length > end + 1 && (relative === '' || isRelativePath(relative))
    return isOwn ? { path: `/${relative}`, id: key.slice(end + 1) } : undefined
  }

  /** A key as it is stored in the bucket itself, so that what lies below a root directory can be moved below another. */
  withoutRoot(key: string): string {
    return key.slice(this.#root.length)
  }

  withRoot(relative: string): string {
    return this.#root + relative
  }

  /**
   * Key that earlier versions gave to what they kept beside a checkpoint. Nothing new is stored there: since a path may
   * hold a `~`, it is the key of another path's checkpoint as well.
   */
  legacyTemporary(path: string, id: string): string {
    return `${this.checkpoint(path)}~${id}`
  }

  /** Path and id of a key that may be a {@link legacyTemporary} one. */
  parseLegacyTemporary(key: string): TemporaryKey | undefined {
    const [, path, id] =
      /^(.+)~([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/.exec(this.pathOfCheckpoint(key) ?? '') ?? []
    return path !== undefined && id !== undefined && isRelativePath(path.slice(1)) ? { path, id } : undefined
  }

  /** Throws `INVALID_PATH` where the keys that an upload to `path` needs for itself are longer than S3 takes. */
  assertUploadable(path: string): void {
    assertFits(this.temporary(path, LONGEST_ID), path, 'too many for an upload')
  }
}

function assertFits(key: string, path: string, tooMany: string): void {
  // A UTF-16 unit takes three bytes at most.
  if (key.length * 3 <= MAX_KEY_BYTES) return
  const excess = Buffer.byteLength(key) - MAX_KEY_BYTES
  if (excess <= 0) return
  const bytes = Buffer.byteLength(path)
  const detail = `the path has ${bytes} bytes, ${tooMany}; accepted: ${bytes - excess} below this root directory`
  throw new StorageError('INVALID_PATH', detail, { path })
}

/** Owner of a temporary key: the path of its upload, and what tells it from others there. */
export interface TemporaryKey {
  readonly path: string
  readonly id: string
}

/** Components below which no path lies. */
const UPLOADS = '~uploads/'
const TEMPORARY = '~temporary/'

/** Bytes of a key at most ([S3 object keys](https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)). */
const MAX_KEY_BYTES = 1024

/** Id of the greatest length that {@link KeyMapper.temporary} is given. */
const LONGEST_ID = 'x'.repeat(43)
