import { randomUUID } from 'node:crypto'
import {
  type CallOptions,
  type CommitOptions,
  type Upload,
  type WriteConditions,
  type WriteResult,
  onAbort,
} from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { MultipartUpload } from '../multipart/multipart-upload.ts'
import { MAX_PARTS, totalSize } from '../multipart/parts.ts'
import { type OverflowObject, readCheckpoint } from './checkpoint.ts'
import { type NewCheckpoint, takenOver } from './checkpoint-store.ts'
import { Committer } from './committer.ts'
import { Overflow } from './overflow.ts'
import { PartBuffer, type StoredBytes } from './part-buffer.ts'
import { PartUploader } from './part-uploader.ts'
import type { UploadPaths, UploadSettings, UploadState } from './state.ts'

/**
 * State of an upload's bytes:
 *
 * - `written`: some are nowhere but in memory or under way.
 * - `stored`: all are in parts and in the checkpoint, under a revision.
 * - `closed`: so they are, and no more will come.
 */
type Bytes =
  | { readonly kind: 'written' }
  | { readonly kind: 'stored'; readonly revision: string | undefined }
  | { readonly kind: 'closed'; readonly revision: string | undefined }

/**
 * An upload to S3. Bytes gather in a part; a full part goes up while the next one fills, a few at a time. An object that
 * fits in one part is one PUT, because a full part waits until more bytes come. What does not fill a part when the upload
 * is closed goes into the upload's checkpoint, and when others need its memory, into an object of its own.
 */
export class S3Upload implements Upload {
  readonly #bucket: Bucket
  readonly #path: string
  readonly #state: UploadState
  readonly #settings: UploadSettings
  /** Ends this upload's own requests. They are nobody else's: a client that leaves must not take its last bytes along. */
  readonly #requests = new AbortController()
  readonly #options: CallOptions = { signal: this.#requests.signal }
  readonly #parts: PartUploader
  readonly #overflow: Overflow
  readonly #committer: Committer
  #buffer: PartBuffer
  #size: number
  #bytes: Bytes = { kind: 'written' }
  /** Tail of the checkpoint that this upload goes on from, until parts or a checkpoint of its own hold those bytes. */
  #inheritedTail: Uint8Array | undefined

  constructor(bucket: Bucket, paths: UploadPaths, settings: UploadSettings, state: UploadState) {
    const { path, destination } = paths
    this.#bucket = bucket
    this.#path = path
    this.#state = state
    this.#settings = settings
    this.#parts = new PartUploader(state, settings.concurrency, this.#options)
    this.#overflow = new Overflow(bucket, path, state.overflow)
    const { ref: source, token, metadata } = state
    this.#committer = new Committer(
      bucket,
      { source, destination: bucket.ref(destination), token, metadata },
      settings.copies,
    )
    this.#size = totalSize(state.parts)
    // An upload that has all the parts that there may be can still be committed.
    const next = this.#parts.nextNumber
    this.#buffer = this.#newBuffer(next > MAX_PARTS ? 0 : settings.sizing.sizeOf(next, state.parts))
  }

  /**
   * Takes over the bytes of a checkpoint's tail, which stay there until they are part of something else. Parts and tail
   * together are of the given revision.
   */
  async restoreTail(tail: Uint8Array, revision: string | undefined, { signal }: CallOptions): Promise<void> {
    if (!this.#parts.multipart && tail.length > 0) this.#inheritedTail = tail
    await this.#withAbort(signal, async () => this.write(tail)).catch(async (error: unknown) => {
      await this.release()
      throw error
    })
    this.#bytes = { kind: 'stored', revision }
  }

  get size(): number {
    return this.#size
  }

  get revision(): string | undefined {
    return this.#bytes.kind === 'written' ? undefined : this.#bytes.revision
  }

  write(chunk: Uint8Array): Promise<void> | void {
    this.#parts.throwIfFailed()
    this.#buffer.pin()
    const taken = this.#take(chunk)
    if (taken < chunk.length) return this.#writeRest(chunk.subarray(taken))
    this.#buffer.unpin()
  }

  async close(): Promise<void> {
    if (this.#bytes.kind === 'closed') return
    this.#buffer.pin()
    await this.#buffer.settle()
    await this.#parts.drain()
    // What a commit has made an object of is no upload any more, and durable.
    if (!this.#buffer.isStored && !this.#committer.isCompleted) {
      await this.#buffer.restore(this.#requests.signal)
      await this.#storeCheckpoint({ tail: this.#buffer })
      this.#buffer.markStored({ length: this.#buffer.length, open: async () => [await this.#readTail()] })
    }
    this.#bytes = { kind: 'closed', revision: this.revision }
    this.#buffer.free()
  }

  async commit({ signal, ...conditions }: CommitOptions): Promise<WriteResult> {
    this.#buffer.pin()
    try {
      return await this.#withAbort(signal, async () => {
        const revision = await this.#commitContent(conditions)
        this.#buffer.free()
        await this.#removeLeftovers(this.#options).catch(ignoreErrors)
        return { revision }
      })
    } catch (error) {
      if (this.#bytes.kind === 'closed') this.#buffer.free({ reuse: false })
      throw error
    }
  }

  async cancel(): Promise<void> {
    await this.release()
    // One whose creation got no answer has no parts. Only a listing could name it, among those of other writers.
    const multipart = await this.#parts.multipart?.catch(ignoreErrors)
    await multipart?.abort({})
    await this.#removeLeftovers({})
    await this.#committer.rollback({})
  }

  async release(): Promise<void> {
    this.#buffer.pin()
    this.#stop()
    await Promise.allSettled([this.#buffer.settle(), this.#parts.drain()])
    this.#buffer.free({ reuse: false })
  }

  #take(chunk: Uint8Array): number {
    const taken = this.#buffer.take(chunk)
    this.#size += taken
    if (taken > 0) this.#bytes = { kind: 'written' }
    return taken
  }

  async #writeRest(chunk: Uint8Array): Promise<void> {
    await this.#buffer.restore(this.#requests.signal)
    let rest = chunk
    while (rest.length > 0) {
      if (this.#buffer.isFull) await this.#sendPart()
      else await this.#buffer.reserve(this.#requests.signal)
      rest = rest.subarray(this.#take(rest))
    }
    this.#buffer.unpin()
  }

  /** Starts sending the full buffer, once there is room for another part, and begins the next. */
  async #sendPart(): Promise<void> {
    await this.#parts.waitForSlot()
    const next = this.#newBuffer(this.#settings.sizing.sizeOf(this.#parts.nextNumber + 1, this.#parts.uploaded))
    next.pin()
    this.#parts.send(this.#buffer, () => this.#createMultipart())
    this.#buffer = next
  }

  #newBuffer(capacity: number): PartBuffer {
    return new PartBuffer(capacity, this.#settings.memory, bytes => this.#storeOverflow(bytes))
  }

  /** Creates the multipart upload, and stores that while the first part is already under way. */
  async #createMultipart(): Promise<MultipartUpload> {
    const { ref, token = '', metadata } = this.#state
    const upload = { token, metadata, hasOwnParts: true }
    const multipart = await MultipartUpload.create(this.#bucket, ref, upload, this.#options)
    const overflow = this.#overflow.latest
    const tail = (overflow ? undefined : this.#inheritedTail) ?? new Uint8Array()
    this.#inheritedTail = undefined
    this.#parts.track(
      this.#writeCheckpoint({ uploadId: multipart.id, checksum: multipart.checksum, offset: 0, tail, overflow }),
    )
    return multipart
  }

  /** Stores all bytes so far, so that this or another driver can go on from there. */
  async #storeCheckpoint(tail: { tail: PartBuffer | Uint8Array; overflow?: OverflowObject }): Promise<void> {
    const parts = await this.#parts.checkpoint()
    // What has not changed since keeps its revision.
    const revision = this.revision ?? randomUUID()
    await this.#writeCheckpoint({ ...parts, revision, ...tail })
    this.#bytes = { kind: 'stored', revision }
  }

  #writeCheckpoint(checkpoint: Omit<NewCheckpoint, 'token' | 'metadata' | 'temporaryKey'>): Promise<void> {
    const { token, metadata, ref } = this.#state
    const isInPlace = checkpoint.uploadId === undefined || ref.key === this.#bucket.keys.key(this.#path)
    return this.#state.checkpoint.write({
      ...checkpoint,
      token,
      metadata,
      temporaryKey: isInPlace ? undefined : ref.key,
    })
  }

  /** Stores the bytes that do not fill a part in an object of their own: somebody else needs their memory. */
  async #storeOverflow(bytes: Uint8Array): Promise<StoredBytes> {
    const failure = await this.#parts.drain().then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    // The upload is broken: its parts can be continued from, but never with these bytes.
    if (failure) return { length: bytes.length, open: () => Promise.reject(failure.error) }
    const overflow = await this.#overflow.store(bytes, this.#options)
    await this.#storeCheckpoint({ tail: new Uint8Array(), overflow })
    return { length: overflow.length, open: () => this.#overflow.open(this.#options) }
  }

  /** Reads the tail again, after closing gave its memory back. */
  async #readTail(): Promise<Uint8Array> {
    const found = await readCheckpoint(this.#bucket, this.#path, this.#options)
    // A revision stands for the bytes, whoever stored them.
    if (found?.revision !== undefined && found.revision === this.revision) return found.tail
    throw takenOver(this.#path)
  }

  async #commitContent(conditions: WriteConditions): Promise<string | undefined> {
    if (this.#parts.nextNumber === 1) return this.#putWhole(conditions)
    await this.#committer.assertConditions(conditions, this.#options)
    if (!this.#committer.isCompleted) {
      await this.#buffer.restore(this.#requests.signal)
      const { multipart, parts } = await this.#parts.sendLast(this.#buffer.bytes)
      await this.#committer.complete(multipart, parts, conditions, this.#options)
      this.#buffer.free()
    }
    return this.#committer.move(conditions, this.#options)
  }

  async #putWhole(conditions: WriteConditions): Promise<string | undefined> {
    await this.#buffer.restore(this.#requests.signal)
    const revision = await this.#committer.put(this.#buffer.bytes, conditions, this.#options)
    // Continued from an upload that never got a part.
    const multipart = await this.#parts.multipart
    await multipart?.abort(this.#options).catch(ignoreErrors)
    return revision
  }

  async #removeLeftovers(options: CallOptions): Promise<void> {
    await this.#state.checkpoint.remove(options)
    await this.#overflow.remove(options)
  }

  /** Ends what is under way, but a checkpoint that is being written. */
  #stop(reason?: unknown): void {
    this.#requests.abort(reason)
    this.#state.checkpoint.stop(reason)
  }

  /** Runs a step of the upload during which `signal` ends the upload's requests. */
  async #withAbort<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
    const stopListening = onAbort(signal, () => this.#stop(signal?.reason))
    try {
      return await step()
    } finally {
      stopListening()
    }
  }
}

/** Handler of errors about what is left over of an upload: it harms nobody, and a purge removes it. */
function ignoreErrors(): undefined {}
