import type { CallOptions } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { type StorableRecord, type UploadRecord, deleteRecord, readRecord, writeRecord } from './upload-record.ts'
import type { UploadState } from './upload-state.ts'

/** Milliseconds that a record on its way may take after everything else was stopped. */
const grace = 500

/**
 * The record of one upload in the hands of its writer. There is one record for each path, so another upload to it may have
 * put its own in this one's place.
 */
export class OwnRecord {
  readonly #bucket: Bucket
  readonly #path: string
  /** See {@link UploadRecord.token}. */
  readonly token: string | undefined
  readonly #staged: string | undefined
  readonly #requests = new AbortController()
  #isBegun: boolean

  constructor(bucket: Bucket, path: string, known: Pick<UploadState, 'token' | 'hasRecord' | 'staged'>) {
    this.#bucket = bucket
    this.#path = path
    this.token = known.token
    this.#staged = known.staged
    this.#isBegun = known.hasRecord
  }

  write(record: Omit<StorableRecord, 'token' | 'staged'>): Promise<void> {
    this.#isBegun = true
    const staged = record.uploadId === undefined ? undefined : this.#staged
    const own = { token: this.token, staged }
    return writeRecord(this.#bucket, this.#path, { ...record, ...own }, { signal: this.#requests.signal })
  }

  /** The record, unless another upload to this path has taken its place. */
  async read(uploadId: string | undefined, options: CallOptions): Promise<UploadRecord | undefined> {
    const record = await readRecord(this.#bucket, this.#path, options)
    return record?.token === this.token && record?.uploadId === uploadId ? record : undefined
  }

  async remove(options: CallOptions): Promise<void> {
    if (this.#isBegun) await deleteRecord(this.#bucket, this.#path, options)
  }

  /** Removes it only if it is still this upload's. */
  async removeIfOwn(uploadId: string | undefined, options: CallOptions): Promise<void> {
    if (this.#isBegun && (await this.read(uploadId, options))) await deleteRecord(this.#bucket, this.#path, options)
  }

  /** Gives a record a moment to arrive: cut off, it might do so after a cancel has looked for it, and outlive the upload. */
  stop(reason: unknown): void {
    setTimeout(() => this.#requests.abort(reason), grace).unref()
  }
}
