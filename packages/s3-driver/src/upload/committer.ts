import { type CallOptions, StorageError, type WriteResult, isStorageError } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'
import { type CopySettings, type Source, copyObject } from '../objects/copy.ts'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import { type Part, totalSize } from '../multipart/parts.ts'

/**
 * What a commit does to put an upload's bytes in place. Bytes that never became parts go straight to the destination. S3
 * completes parts only at the key they were uploaded for, so those that are to be elsewhere become an object there first,
 * which is copied on: a move whose size is known. No step is taken again by a commit that is repeated.
 */
export class Committer {
  readonly #bucket: Bucket
  readonly #source: ObjectRef
  readonly #destination: ObjectRef
  readonly #copies: CopySettings
  /** What the parts have become. */
  #completed: Source | undefined
  #isCopied = false

  constructor(bucket: Bucket, source: ObjectRef, destination: ObjectRef, copies: CopySettings) {
    this.#bucket = bucket
    this.#source = source
    this.#destination = destination
    this.#copies = copies
  }

  /** Whether the parts have become an object: there is no upload any more. */
  get isCompleted(): boolean {
    return this.#completed !== undefined
  }

  put(content: Uint8Array, options: CallOptions): Promise<WriteResult> {
    return putObject(this.#bucket, this.#destination, content, options)
  }

  async complete(
    multipart: MultipartUpload,
    parts: readonly Part[],
    token: string | undefined,
    options: CallOptions,
  ): Promise<void> {
    const etag = await multipart.complete(parts, token, options)
    this.#completed = { size: totalSize(parts), etag }
  }

  /** Takes what was completed to the destination. */
  async move(options: CallOptions): Promise<void> {
    if (!this.#completed || this.#destination.key === this.#source.key) return
    if (!this.#isCopied) await this.#copy(this.#completed, options)
    this.#isCopied = true
    await deleteObject(this.#bucket, this.#source, options)
  }

  /** Removes what was completed but not moved, unless somebody has put another object in its place. */
  async rollback(options: CallOptions): Promise<void> {
    if (!this.#completed) return
    try {
      const { ETag } = await headObject(this.#bucket, this.#source, options)
      if (ETag !== this.#completed.etag) return
    } catch (error) {
      if (isStorageError(error, 'PATH_NOT_FOUND')) return
      throw error
    }
    await deleteObject(this.#bucket, this.#source, options)
  }

  async #copy(completed: Source, options: CallOptions): Promise<void> {
    try {
      await copyObject(this.#bucket, this.#source, this.#destination, completed, this.#copies, options)
    } catch (error) {
      if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
      const detail = `somebody has removed ${this.#source.path} while it was being committed`
      throw new StorageError('UPLOAD_NOT_FOUND', detail, { path: this.#source.path, cause: error })
    }
  }
}
