import { randomUUID } from 'node:crypto'
import {
  type CallOptions,
  type CommitOptions,
  StorageError,
  type Upload,
  type WriteResult,
} from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { MultipartUpload } from '../multipart/multipart-upload.ts'
import { OwnCheckpoint } from './own-checkpoint.ts'
import { PartBuffer, type StoredBytes } from './part-buffer.ts'
import { totalSize } from '../multipart/parts.ts'
import { Committer } from './committer.ts'
import { Overflow } from './overflow.ts'
import type { Evictable } from './memory-budget.ts'
import { PartUploader } from './part-uploader.ts'
import type { NewCheckpoint } from './checkpoint.ts'
import { type UploadPaths, type UploadSettings, type UploadState, newTemporaryKey, uploadRef } from './state.ts'

/**
 * An upload to S3. Bytes gather in a part; a full part goes up while the next one fills, a few at a time. An object that
 * fits in one part is one PUT, because a full part waits until more bytes come. What does not fill a part when the upload
 * is closed goes into the upload's record, and when others need its memory, into an object of its own.
 */
export class S3Upload implements Upload, Evictable {
  readonly #bucket: Bucket
  readonly #path: string
  /** Where its parts go. */
  readonly #place: ObjectRef
  readonly #settings: UploadSettings
  /** Ends this upload's own requests. They are nobody else's: a client that leaves must not take its last bytes along. */
  readonly #requests = new AbortController()
  readonly #options: CallOptions = { signal: this.#requests.signal }
  readonly #parts: PartUploader
  readonly #record: OwnCheckpoint
  readonly #committer: Committer

  #buffer: PartBuffer
  #size: number
  #revision: string | undefined
  /** The tail of a record that must not be lost when the multipart upload's own record replaces it. */
  #checkpointTail: Uint8Array | undefined
  #isClosed = false
  /** Whether a call is under way. Otherwise the upload may be asked for its memory. */
  #isBusy = false
  readonly #overflow: Overflow
  /** Set from when the upload is asked for its memory until it has taken its bytes back. */
  #spilling: Promise<void> | undefined
  /** Where all is stored that the buffer holds, or held until its memory was given back. */
  #stored: StoredBytes | undefined

  constructor(bucket: Bucket, paths: UploadPaths, settings: UploadSettings, state: UploadState = newUpload(paths)) {
    const { path } = paths
    this.#bucket = bucket
    this.#path = path
    this.#settings = settings
    this.#place = uploadRef(bucket, path, state.temporaryKey)
    this.#record = new OwnCheckpoint(bucket, path, state)
    this.#committer = new Committer(bucket, this.#place, bucket.place(paths.destination), settings.copies)
    this.#parts = new PartUploader(state, settings.concurrency, this.#options)
    this.#overflow = new Overflow(bucket, path, state.spill)
    this.#size = totalSize(this.#parts.held)
    this.#buffer = this.#partBuffer(this.#parts.nextNumber)
  }

  /**
   * Takes over the bytes of a record's tail, which stay recorded until they are part of something else. Parts and tail
   * together are of the given revision.
   */
  async restoreTail(tail: Uint8Array, revision: string | undefined, { signal }: CallOptions): Promise<void> {
    if (!this.#parts.multipart && tail.length > 0) this.#checkpointTail = tail
    await this.#withAbort(signal, async () => this.write(tail)).catch(async (error: unknown) => {
      await this.release()
      throw error
    })
    this.#revision = revision
  }

  get size(): number {
    return this.#size
  }

  get revision(): string | undefined {
    return this.#revision
  }

  write(chunk: Uint8Array): Promise<void> | void {
    this.#parts.throwIfFailed()
    this.#setBusy()
    const taken = this.#spilling ? 0 : this.#take(chunk)
    if (taken < chunk.length) return this.#writeRest(chunk.subarray(taken))
    this.#setIdle()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#setBusy()
    await this.#spilling
    await this.#parts.done()
    // What a commit has made an object of is no upload any more, and durable.
    if (!this.#stored && !this.#committer.isCompleted) {
      await this.#recordAll({ tail: this.#buffer })
      this.#stored = { length: this.#buffer.length, open: async () => [await this.#recordedBytes()] }
    }
    this.#isClosed = true
    this.#buffer.release()
  }

  async commit({ signal }: CommitOptions): Promise<WriteResult> {
    this.#setBusy()
    try {
      await this.#withAbort(signal, async () => {
        await this.#publish()
        this.#buffer.release()
        await this.#cleanUp().catch(ignoreErrors)
      })
      return {}
    } catch (error) {
      if (this.#isClosed) this.#buffer.release({ reuse: false })
      throw error
    }
  }

  async cancel(): Promise<void> {
    await this.release()
    // One whose creation got no answer has no parts. Only a listing could name it, among those of other writers.
    const multipart = await this.#parts.multipart?.catch(ignoreErrors)
    await multipart?.abort({})
    await this.#record.removeIfOwn(multipart?.id, {})
    await this.#overflow.remove({})
    await this.#committer.rollback({})
  }

  async release(): Promise<void> {
    this.#setBusy()
    this.#stop()
    await Promise.allSettled([this.#spilling, this.#parts.done()])
    this.#buffer.release({ reuse: false })
  }

  evict(): Promise<void> {
    this.#spilling = this.#spill()
    return this.#spilling
  }

  #setBusy(): void {
    this.#isBusy = true
    this.#settings.memory.rollback(this)
  }

  #setIdle(): void {
    this.#isBusy = false
    if (this.#buffer.isReserved) this.#settings.memory.offer(this)
  }

  #take(chunk: Uint8Array): number {
    const taken = this.#buffer.take(chunk)
    this.#size += taken
    if (taken > 0) this.#stored = this.#revision = undefined
    return taken
  }

  async #writeRest(chunk: Uint8Array): Promise<void> {
    await this.#unspill()
    let rest = chunk
    while (rest.length > 0) {
      if (this.#buffer.isFull) await this.#sendPart()
      else await this.#buffer.reserve(this.#requests.signal)
      rest = rest.subarray(this.#take(rest))
    }
    this.#setIdle()
  }

  /** Stores what the buffer holds, so that its memory can be had by others, and another driver can go on from there. */
  async #spill(): Promise<void> {
    try {
      await this.#parts.done()
    } catch {
      // The upload is broken: its parts can be continued from, but never with these bytes.
      this.#buffer.release()
      return
    }
    try {
      if (!this.#stored) {
        const spill = await this.#overflow.store(this.#buffer.bytes, this.#options)
        await this.#recordAll({ tail: new Uint8Array(), spill })
        this.#stored = { length: spill.length, open: () => this.#overflow.open(this.#options) }
      }
      this.#buffer.release()
    } catch {
      // The bytes are still here. Somebody else may have more luck; this one is asked again later.
      if (!this.#isBusy) this.#setIdle()
    }
  }

  async #unspill(): Promise<void> {
    await this.#spilling
    if (this.#stored && this.#buffer.length < this.#stored.length) {
      await this.#buffer.reload(this.#stored, this.#requests.signal)
    }
    this.#spilling = undefined
  }

  /** Starts the full buffer on its way, once there is room for another part, and begins the next. */
  async #sendPart(): Promise<void> {
    await this.#parts.room()
    const next = this.#partBuffer(this.#parts.nextNumber + 1)
    this.#parts.send(this.#buffer, () => this.#createMultipart())
    this.#buffer = next
  }

  #partBuffer(number: number): PartBuffer {
    return new PartBuffer(this.#settings.sizing.sizeOf(number, this.#parts.held), this.#settings.memory)
  }

  /** Begins the multipart upload, and remembers it while the first part is already on its way. */
  async #createMultipart(): Promise<MultipartUpload> {
    const { token = '' } = this.#record
    const multipart = await MultipartUpload.create(this.#bucket, this.#place, { token }, this.#options)
    const spill = this.#overflow.latest
    const tail = (spill ? undefined : this.#checkpointTail) ?? new Uint8Array()
    this.#checkpointTail = undefined
    this.#parts.track(this.#record.write({ uploadId: multipart.id, offset: 0, tail, spill }))
    return multipart
  }

  /** Records all that was written so far. */
  async #recordAll(tail: Pick<NewCheckpoint, 'tail' | 'spill'>): Promise<void> {
    const parts = await this.#parts.recorded()
    // What has not changed since keeps its revision.
    const revision = this.#revision ?? randomUUID()
    await this.#record.write({ ...parts, revision, ...tail })
    this.#revision = revision
  }

  /** Ends what is under way, but a record that is being written. */
  #stop(reason?: unknown): void {
    this.#requests.abort(reason)
    this.#record.stop(reason)
  }

  async #publish(): Promise<void> {
    if (!this.#committer.isCompleted) {
      await this.#unspill()
      const tail = this.#buffer.bytes
      if (this.#parts.nextNumber === 1) return this.#putWhole(tail)
      const { multipart, parts } = await this.#parts.sendLast(tail)
      await this.#committer.complete(multipart, parts, this.#record.token, this.#options)
      this.#buffer.release()
    }
    await this.#committer.move(this.#options)
  }

  /** The tail again, after closing gave its memory back. */
  async #recordedBytes(): Promise<Uint8Array> {
    const multipart = await this.#parts.multipart
    const record = await this.#record.read(multipart?.id, this.#options)
    if (record && record.revision === this.#revision) return record.tail
    const detail = 'another upload to this path was closed or committed meanwhile'
    throw new StorageError('UPLOAD_NOT_FOUND', detail, { path: this.#path })
  }

  async #cleanUp(): Promise<void> {
    await this.#record.remove(this.#options)
    await this.#overflow.remove(this.#options)
  }

  async #putWhole(content: Uint8Array): Promise<void> {
    await this.#committer.put(content, this.#options)
    // Continued from an upload that never got a part.
    const multipart = await this.#parts.multipart
    await multipart?.abort(this.#options).catch(ignoreErrors)
  }

  /** Runs a step of the upload during which `signal` ends the upload's requests. */
  async #withAbort<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
    const stop = (): void => this.#stop(signal?.reason)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await step()
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

function newUpload(paths: UploadPaths): UploadState {
  return { token: randomUUID(), parts: [], stale: {}, hasCheckpoint: false, temporaryKey: newTemporaryKey(paths) }
}

/** What is left over of the upload harms nobody, and a sweep removes it. */
function ignoreErrors(): undefined {}
