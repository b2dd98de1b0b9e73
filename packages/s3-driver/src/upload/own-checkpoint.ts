import type { CallOptions } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { type NewCheckpoint, type Checkpoint, deleteCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { UploadState } from './state.ts'

/** Milliseconds that a record on its way may take after everything else was stopped. */
const grace = 500

/**
 * The record of one upload in the hands of its writer. There is one record for each path, so another upload to it may have
 * put its own in this one's place.
 */
export class OwnCheckpoint {
  readonly #bucket: Bucket
  readonly #path: string
  /** See {@link Checkpoint.token}. */
  readonly token: string | undefined
  readonly #temporaryKey: string | undefined
  readonly #requests = new AbortController()
  #isBegun: boolean

  constructor(bucket: Bucket, path: string, known: Pick<UploadState, 'token' | 'hasCheckpoint' | 'temporaryKey'>) {
    this.#bucket = bucket
    this.#path = path
    this.token = known.token
    this.#temporaryKey = known.temporaryKey
    this.#isBegun = known.hasCheckpoint
  }

  write(record: Omit<NewCheckpoint, 'token' | 'temporaryKey'>): Promise<void> {
    this.#isBegun = true
    const temporaryKey = record.uploadId === undefined ? undefined : this.#temporaryKey
    const own = { token: this.token, temporaryKey }
    return writeCheckpoint(this.#bucket, this.#path, { ...record, ...own }, { signal: this.#requests.signal })
  }

  /** The record, unless another upload to this path has taken its place. */
  async read(uploadId: string | undefined, options: CallOptions): Promise<Checkpoint | undefined> {
    const record = await readCheckpoint(this.#bucket, this.#path, options)
    return record?.token === this.token && record?.uploadId === uploadId ? record : undefined
  }

  async remove(options: CallOptions): Promise<void> {
    if (this.#isBegun) await deleteCheckpoint(this.#bucket, this.#path, options)
  }

  /** Removes it only if it is still this upload's. */
  async removeIfOwn(uploadId: string | undefined, options: CallOptions): Promise<void> {
    if (this.#isBegun && (await this.read(uploadId, options))) await deleteCheckpoint(this.#bucket, this.#path, options)
  }

  /** Gives a record a moment to arrive: cut off, it might do so after a cancel has looked for it, and outlive the upload. */
  stop(reason: unknown): void {
    setTimeout(() => this.#requests.abort(reason), grace).unref()
  }
}
