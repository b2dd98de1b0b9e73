import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { type CallOptions, StorageError, type Upload } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { InFlight } from './in-flight.ts'
import { MultipartUpload } from './multipart.ts'
import { PartBuffer, type StoredBytes } from './part-buffer.ts'
import { type Part, totalSize } from './parts.ts'
import { Spills } from './spill.ts'
import type { IdleHolder } from './upload-memory.ts'
import { type UploadRecord, deleteRecord, readRecord, writeRecord } from './upload-record.ts'
import type { UploadSettings, UploadState } from './upload-state.ts'

/** Milliseconds that a record on its way may take after everything else was stopped. */
const recordGrace = 500

/**
 * An upload to S3. Bytes gather in a part; a full part goes up while the next one fills, a few at a time. An object that
 * fits in one part is one PUT, because a full part waits until more bytes come. What does not fill a part when the upload
 * is closed goes into the upload's record, and when others need its memory, into an object of its own.
 */
export class S3Upload implements Upload, IdleHolder {
  readonly #bucket: Bucket
  readonly #path: string
  readonly #settings: UploadSettings
  readonly #token: string | undefined
  readonly #parts: Part[]
  readonly #stale: Readonly<Record<string, string>>
  readonly #inFlight = new InFlight()
  /** Ends this upload's own requests. They are nobody else's: a client that leaves must not take its last bytes along. */
  readonly #requests = new AbortController()
  readonly #options: CallOptions = { signal: this.#requests.signal }
  readonly #recordRequests = new AbortController()

  #multipart: Promise<MultipartUpload> | undefined
  #buffer: PartBuffer
  #nextNumber: number
  #size: number
  /** The tail of a record that must not be lost when the multipart upload's own record replaces it. */
  #recordedTail: Uint8Array | undefined
  #hasRecord: boolean
  #isClosed = false
  /** Whether a call is under way. Otherwise the upload may be asked for its memory. */
  #isBusy = false
  readonly #spills: Spills
  /** Set from when the upload is asked for its memory until it has taken its bytes back. */
  #spilling: Promise<void> | undefined
  /** Where all is stored that the buffer holds, or held until its memory was given back. */
  #stored: StoredBytes | undefined

  constructor(bucket: Bucket, path: string, settings: UploadSettings, state?: UploadState) {
    this.#bucket = bucket
    this.#path = path
    this.#settings = settings
    this.#token = state ? state.token : randomUUID()
    this.#multipart = state?.multipart && Promise.resolve(state.multipart)
    this.#parts = [...(state?.parts ?? [])]
    this.#stale = state?.stale ?? {}
    this.#hasRecord = state?.hasRecord ?? false
    this.#spills = new Spills(bucket, path, state?.spill)
    this.#size = totalSize(this.#parts)
    this.#nextNumber = this.#parts.length + 1
    this.#buffer = this.#partBuffer(this.#nextNumber)
  }

  /** Takes over the bytes of a record's tail, which stay recorded until they are part of something else. */
  async restoreTail(tail: Uint8Array, { signal }: CallOptions): Promise<void> {
    if (!this.#multipart && tail.length > 0) this.#recordedTail = tail
    await this.#stoppedBy(signal, async () => this.write(tail)).catch(async (error: unknown) => {
      await this.release()
      throw error
    })
  }

  get size(): number {
    return this.#size
  }

  write(chunk: Uint8Array): Promise<void> | void {
    this.#inFlight.throwIfFailed()
    this.#setBusy()
    const taken = this.#spilling ? 0 : this.#take(chunk)
    if (taken < chunk.length) return this.#writeRest(chunk.subarray(taken))
    this.#setIdle()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#setBusy()
    await this.#spilling
    await this.#inFlight.done()
    if (!this.#stored) {
      await this.#writeRecord({ tail: this.#buffer.bytes })
      this.#stored = { length: this.#buffer.length, open: async () => [await this.#recordedBytes()] }
    }
    this.#isClosed = true
    this.#buffer.release()
  }

  async commit(signal: AbortSignal | undefined): Promise<void> {
    this.#setBusy()
    try {
      await this.#stoppedBy(signal, async () => {
        await this.#publish()
        this.#buffer.release()
        await this.#removeTraces().catch(leaveToSweep)
      })
    } catch (error) {
      if (this.#isClosed) this.#buffer.release({ reuse: false })
      throw error
    }
  }

  async cancel(): Promise<void> {
    await this.release()
    // One whose creation got no answer has no parts. Only a listing could name it, among those of other writers.
    const multipart = await this.#multipart?.catch(leaveToSweep)
    await multipart?.abort({})
    if (this.#hasRecord && (await this.#ownRecord({}))) await deleteRecord(this.#bucket, this.#path, {})
    await this.#spills.remove({})
  }

  async release(): Promise<void> {
    this.#setBusy()
    this.#stop()
    await Promise.allSettled([this.#spilling, this.#inFlight.done()])
    this.#buffer.release({ reuse: false })
  }

  giveBack(): Promise<void> {
    this.#spilling = this.#spill()
    return this.#spilling
  }

  #setBusy(): void {
    this.#isBusy = true
    this.#settings.memory.withdraw(this)
  }

  #setIdle(): void {
    this.#isBusy = false
    if (this.#buffer.isLeased) this.#settings.memory.offer(this)
  }

  #take(chunk: Uint8Array): number {
    const taken = this.#buffer.take(chunk)
    this.#size += taken
    if (taken > 0) this.#stored = undefined
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
      await this.#inFlight.done()
    } catch {
      // The upload is broken: its parts can be continued from, but never with these bytes.
      this.#buffer.release()
      return
    }
    try {
      if (!this.#stored) {
        const spill = await this.#spills.store(this.#buffer.bytes, this.#options)
        await this.#writeRecord({ tail: new Uint8Array(), spill })
        this.#stored = { length: spill.length, open: () => this.#spills.open(this.#options) }
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
      await this.#buffer.refill(this.#stored, this.#requests.signal)
    }
    this.#spilling = undefined
  }

  /** Starts the full buffer on its way, once there is room for another part, and begins the next. */
  async #sendPart(): Promise<void> {
    await this.#inFlight.room(this.#settings.concurrency)
    const number = this.#nextNumber
    const next = this.#partBuffer(number + 1)
    this.#multipart ??= this.#createMultipart()
    this.#inFlight.add(this.#upload(this.#multipart, number, this.#buffer))
    this.#buffer = next
    this.#nextNumber = number + 1
  }

  #partBuffer(number: number): PartBuffer {
    return new PartBuffer(this.#settings.sizing.sizeOf(number, this.#parts), this.#settings.memory)
  }

  async #upload(multipart: Promise<MultipartUpload>, number: number, buffer: PartBuffer): Promise<void> {
    try {
      const upload = await multipart
      this.#parts.push(await upload.uploadPart(number, buffer.bytes, this.#options))
      buffer.release()
    } catch (error) {
      buffer.release({ reuse: false })
      throw error
    }
  }

  /** Begins the multipart upload, and remembers it while the first part is already on its way. */
  async #createMultipart(): Promise<MultipartUpload> {
    const token = this.#token ?? ''
    const multipart = await MultipartUpload.create(this.#bucket, this.#path, token, this.#options)
    const spill = this.#spills.latest
    const tail = (spill ? undefined : this.#recordedTail) ?? new Uint8Array()
    const record = { uploadId: multipart.id, token, offset: 0, tail, spill }
    this.#recordedTail = undefined
    this.#hasRecord = true
    this.#inFlight.add(this.#storeRecord(record))
    return multipart
  }

  async #writeRecord(tail: Pick<UploadRecord, 'tail' | 'spill'>): Promise<void> {
    const multipart = await this.#multipart
    const stale = Object.fromEntries(
      Object.entries(this.#stale).filter(([number]) => Number(number) >= this.#nextNumber),
    )
    const record = { uploadId: multipart?.id, token: this.#token, offset: totalSize(this.#parts), stale, ...tail }
    this.#hasRecord = true
    await this.#storeRecord(record)
  }

  #storeRecord(record: UploadRecord): Promise<void> {
    return writeRecord(this.#bucket, this.#path, record, { signal: this.#recordRequests.signal })
  }

  /**
   * Ends what is under way. A record gets a moment to arrive: cut off, it might do so after a cancel has looked for it, and
   * outlive the upload.
   */
  #stop(reason?: unknown): void {
    this.#requests.abort(reason)
    setTimeout(() => this.#recordRequests.abort(reason), recordGrace).unref()
  }

  async #publish(): Promise<void> {
    await this.#unspill()
    const tail = this.#buffer.bytes
    if (this.#nextNumber === 1) await this.#putWhole(tail)
    else await this.#complete(tail)
  }

  async #complete(tail: Uint8Array): Promise<void> {
    const multipart = await (this.#multipart as Promise<MultipartUpload>)
    // The tail counts as any other part. That one of those failed is met below, once all have ended.
    await this.#inFlight.room(this.#settings.concurrency).catch(() => {})
    const last = tail.length > 0 ? multipart.uploadPart(this.#nextNumber, tail, this.#options) : undefined
    // If one fails the other must have ended too: the tail's memory is about to be stored or given back.
    await Promise.allSettled([last, this.#inFlight.done()])
    await this.#inFlight.done()
    const parts = this.#parts.toSorted((a, b) => a.number - b.number)
    if (last) parts.push(await last)
    await multipart.complete(parts, this.#token, this.#options)
  }

  /** The tail again, after closing gave its memory back. */
  async #recordedBytes(): Promise<Uint8Array> {
    const record = await this.#ownRecord(this.#options)
    if (record) return record.tail
    const detail = 'another upload to this path was closed or committed meanwhile'
    throw new StorageError('CONFLICT', detail, { path: this.#path })
  }

  /** The record, unless another upload to this path has taken its place: there is one for each path. */
  async #ownRecord(options: CallOptions): Promise<UploadRecord | undefined> {
    const record = await readRecord(this.#bucket, this.#path, options)
    const multipart = await this.#multipart?.catch(leaveToSweep)
    return record?.token === this.#token && record?.uploadId === multipart?.id ? record : undefined
  }

  async #removeTraces(): Promise<void> {
    if (this.#hasRecord) await deleteRecord(this.#bucket, this.#path, this.#options)
    await this.#spills.remove(this.#options)
  }

  async #putWhole(content: Uint8Array): Promise<void> {
    const Key = this.#bucket.keys.key(this.#path)
    const command = new PutObjectCommand({ Bucket: this.#bucket.name, Key, Body: content, ...this.#bucket.settings })
    await this.#bucket.run(o => this.#bucket.client.send(command, o), this.#options, this.#path)
    // Continued from an upload that never got a part.
    const multipart = await this.#multipart
    await multipart?.abort(this.#options).catch(leaveToSweep)
  }

  /** Runs a step of the upload during which `signal` ends the upload's requests. */
  async #stoppedBy<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
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

/** What is left over of the upload harms nobody, and a sweep removes it. */
function leaveToSweep(): undefined {}
