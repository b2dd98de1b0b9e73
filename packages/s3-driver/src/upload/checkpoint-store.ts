import { randomUUID } from 'node:crypto'
import { type CallOptions, StorageError, isStorageError } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { ABSENT, replaceUnchanged } from '../objects/put.ts'
import { type Checkpoint, type FoundCheckpoint, checkpointHeader, readCheckpoint } from './checkpoint.ts'

/** Bytes after a checkpoint's header: an array, or memory that has room for the header before them. */
type StorableTail =
  | Uint8Array
  | { withHeader<T>(header: Uint8Array, store: (content: Uint8Array) => Promise<T>): Promise<T> }

/** A checkpoint that is to be stored. */
export type NewCheckpoint = Omit<Checkpoint, 'tail' | 'id'> & { readonly tail: StorableTail }

/** Milliseconds that a checkpoint under way may take after everything else was stopped. */
const GRACE_MS = 500

/** Times that a checkpoint meets another in its place, each of another upload, before it replaces whatever is there. */
const MAX_TRIES = 5

/**
 * The checkpoint of one upload in the hands of its writer. A path has one checkpoint, so another upload to it may have put
 * its own in this one's place: that is neither replaced by a writer that continues an upload, nor removed.
 */
export class CheckpointStore {
  readonly #bucket: Bucket
  readonly #ref: ObjectRef
  readonly #requests = new AbortController()
  /** Ids of what this writer wrote, those included whose answer was lost. */
  readonly #ids = new Set<string>()
  readonly #isContinued: boolean
  /** ETag of the checkpoint as this writer found or wrote it last. */
  #etag: string | undefined
  #hasCheckpoint: boolean

  constructor(bucket: Bucket, path: string, found?: FoundCheckpoint) {
    this.#bucket = bucket
    this.#ref = checkpointRef(bucket, path)
    this.#isContinued = this.#hasCheckpoint = found !== undefined
    this.#etag = found?.etag
    if (found?.id !== undefined) this.#ids.add(found.id)
  }

  /** Replaces the checkpoint. `UPLOAD_NOT_FOUND` where this writer continues an upload that another has taken over. */
  async write({ tail, ...fields }: NewCheckpoint): Promise<void> {
    const id = randomUUID()
    this.#ids.add(id)
    const header = checkpointHeader(this.#bucket.keys, { id, ...fields })
    const store = (content: Uint8Array): Promise<string | undefined> => this.#put(content, fields.token)
    this.#hasCheckpoint = true
    this.#etag = await (tail instanceof Uint8Array
      ? store(Buffer.concat([header, tail]))
      : tail.withHeader(header, store))
  }

  /** Reads the checkpoint, unless another upload to this path has put its own in its place. */
  async read(options: CallOptions): Promise<FoundCheckpoint | undefined> {
    const found = await readCheckpoint(this.#bucket, this.#ref.path, options)
    return found && this.#isOwn(found) ? found : undefined
  }

  /** Removes the checkpoint if it is this writer's. */
  async remove(options: CallOptions): Promise<void> {
    if (!this.#hasCheckpoint) return
    if (await removeCheckpoint(this.#bucket, this.#ref.path, this.#etag, options)) return
    // The answer to the last writing may have been lost.
    const own = await this.read(options)
    if (own) await removeCheckpoint(this.#bucket, this.#ref.path, own.etag, options)
  }

  /** Gives a checkpoint a moment to arrive: cut off, it might do so after a cancel has looked for it, and outlive the upload. */
  stop(reason: unknown): void {
    setTimeout(() => this.#requests.abort(reason), GRACE_MS).unref()
  }

  /**
   * Stores a checkpoint in the place of the one that was last seen there: a try that was given up may arrive late, and must not
   * replace what was stored since. What is in its way is replaced, too, unless it belongs to this upload in another's hands.
   */
  async #put(content: Uint8Array, token: string | undefined): Promise<string | undefined> {
    const options = { signal: this.#requests.signal }
    let expected = this.#etag === undefined && !this.#isContinued ? ABSENT : this.#etag
    for (let tries = 1; ; tries++) {
      try {
        return await replaceUnchanged(this.#bucket, this.#ref, content, expected, options)
      } catch (error) {
        if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
        const found = await readCheckpoint(this.#bucket, this.#ref.path, options)
        // It may be this writer's own that is in the way: this one, or the one before, of which the answer was lost.
        if (found?.id !== undefined && found.id === [...this.#ids].at(-1)) return found.etag
        const isOwn = found !== undefined && this.#isOwn(found)
        const isSameUpload = token !== undefined && found?.token === token
        if (!isOwn && (this.#isContinued || isSameUpload)) throw takenOver(this.#ref.path, error)
        const inPlace = found ? found.etag : ABSENT
        // Where many uploads to one path are begun at once, which of them was the last is not defined.
        expected = isOwn || tries < MAX_TRIES ? inPlace : undefined
      }
    }
  }

  #isOwn({ id, etag }: FoundCheckpoint): boolean {
    return id === undefined ? etag !== undefined && etag === this.#etag : this.#ids.has(id)
  }
}

/**
 * Removes the checkpoint of an upload to `path` unless it is another than the one with this ETag, and gives true where it is
 * gone. A server that keeps no condition is asked right before: what is written in between is lost there.
 */
export async function removeCheckpoint(
  bucket: Bucket,
  path: string,
  etag: string | undefined,
  options: CallOptions,
): Promise<boolean> {
  const ref = checkpointRef(bucket, path)
  if (etag === undefined) return false
  try {
    if (await bucket.conditions.supports('delete', 'If-Match', options)) {
      await deleteObject(bucket, ref, { ...options, ifRevision: etag })
      return true
    }
    if ((await headObject(bucket, ref, options)).ETag !== etag) return false
    await deleteObject(bucket, ref, options)
    return true
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return true
    if (isStorageError(error, 'PRECONDITION_FAILED')) return false
    throw error
  }
}

/** Creates the error for a writer whose upload is another's now, or gone. */
export function takenOver(path: string, cause?: unknown): StorageError {
  const detail = 'another writer has taken the upload over, committed or discarded it'
  return new StorageError('UPLOAD_NOT_FOUND', detail, { path, cause })
}

function checkpointRef(bucket: Bucket, path: string): ObjectRef {
  return { key: bucket.keys.checkpoint(path), path }
}
