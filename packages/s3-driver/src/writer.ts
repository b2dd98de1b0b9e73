import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Upload } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { MultipartUpload, listUploads } from './multipart.ts'
import { PartBuffer } from './part-buffer.ts'
import { type Part, type PartSizing, totalSize } from './parts.ts'
import type { UploadMemory } from './upload-memory.ts'
import { deleteRecord, readRecord, writeRecord } from './upload-record.ts'

/** What the uploads of one driver have in common. */
export interface UploadSettings {
  readonly sizing: PartSizing
  /** Parts of one upload under way at once. */
  readonly concurrency: number
  readonly memory: UploadMemory
}

/** What is known of an upload that is being continued. */
export interface UploadState {
  readonly multipart?: MultipartUpload | undefined
  readonly token?: string | undefined
  /** The parts to continue behind. */
  readonly parts: readonly Part[]
  /** Parts that S3 holds beside those, and that must not be taken for the upload's own. */
  readonly stale: Readonly<Record<string, string>>
  readonly hasRecord: boolean
}

/**
 * An upload to S3. Bytes gather in a part; a full part goes up while the next one fills, a few at a time. An object that
 * fits in one part is one PUT, because a full part waits until more bytes come. What does not fill a part when the upload
 * is closed goes into the upload's record.
 */
export class S3Upload implements Upload {
  readonly #bucket: Bucket
  readonly #path: string
  readonly #settings: UploadSettings
  readonly #token: string | undefined
  readonly #parts: Part[]
  readonly #stale: Readonly<Record<string, string>>
  readonly #inFlight = new Set<Promise<void>>()
  /** Ends this upload's own requests. They are nobody else's: a client that leaves must not take its last bytes along. */
  readonly #requests = new AbortController()

  #multipart: Promise<MultipartUpload> | undefined
  #buffer: PartBuffer
  #nextNumber: number
  #size: number
  /** Bytes of the buffer that the record holds too. */
  #recordedTail = 0
  #hasRecord: boolean
  #isClosed = false
  #failure: unknown

  constructor(bucket: Bucket, path: string, settings: UploadSettings, state?: UploadState) {
    this.#bucket = bucket
    this.#path = path
    this.#settings = settings
    this.#token = state ? state.token : randomUUID()
    this.#multipart = state?.multipart && Promise.resolve(state.multipart)
    this.#parts = [...(state?.parts ?? [])]
    this.#stale = state?.stale ?? {}
    this.#hasRecord = state?.hasRecord ?? false
    this.#size = totalSize(this.#parts)
    this.#nextNumber = this.#parts.length + 1
    this.#buffer = new PartBuffer(settings.sizing(this.#nextNumber), settings.memory)
  }

  /** Puts the bytes of a record's tail back where they were. */
  async restoreTail(tail: Uint8Array): Promise<void> {
    this.#recordedTail = Math.min(tail.length, this.#buffer.capacity)
    await this.write(tail)
  }

  get size(): number {
    return this.#size
  }

  write(chunk: Uint8Array): Promise<void> | void {
    if (this.#failure !== undefined) throw this.#failure
    const taken = this.#take(chunk)
    return taken < chunk.length ? this.#writeRest(chunk.subarray(taken)) : undefined
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#allSent()
    await this.#writeRecord(this.#buffer.bytes)
    this.#isClosed = true
    this.#buffer.release()
  }

  async commit(signal: AbortSignal | undefined): Promise<void> {
    const requests = signal ? AbortSignal.any([signal, this.#requests.signal]) : this.#requests.signal
    const tail = this.#isClosed ? await this.#storedTail(requests) : this.#buffer.bytes
    const multipart = await this.#multipart
    await this.#allSent()
    if (this.#parts.length === 0) {
      await this.#putWhole(tail, requests)
      // Continued from an upload that never got a part.
      await multipart?.abort({}).catch(leaveToSweep)
    } else if (multipart) {
      const last = tail.length > 0 ? [await multipart.uploadPart(this.#nextNumber, tail, { signal: requests })] : []
      await multipart.complete([...this.#partsInOrder(), ...last], this.#token, { signal: requests })
    }
    this.#buffer.release()
    if (this.#hasRecord) await deleteRecord(this.#bucket, this.#path, {}).catch(leaveToSweep)
  }

  async cancel(): Promise<void> {
    await this.release()
    if (this.#multipart) {
      const multipart = await this.#multipart.catch(() => undefined)
      if (multipart) await multipart.abort({})
      else await this.#abortUnnamed()
    }
    if (this.#hasRecord) await deleteRecord(this.#bucket, this.#path, {})
  }

  async release(): Promise<void> {
    this.#requests.abort()
    await Promise.all(this.#inFlight)
    this.#buffer.release({ reuse: false })
  }

  #take(chunk: Uint8Array): number {
    const taken = this.#buffer.take(chunk)
    this.#size += taken
    return taken
  }

  async #writeRest(chunk: Uint8Array): Promise<void> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#buffer.isFull) await this.#sendPart()
      else await this.#buffer.reserve(this.#requests.signal)
      rest = rest.subarray(this.#take(rest))
    }
  }

  /** Starts the full buffer on its way, once there is room for another part, and begins the next. */
  async #sendPart(): Promise<void> {
    while (this.#inFlight.size >= this.#settings.concurrency) await Promise.race(this.#inFlight)
    if (this.#failure !== undefined) throw this.#failure
    const number = this.#nextNumber
    const next = new PartBuffer(this.#settings.sizing(number + 1), this.#settings.memory)
    const full = this.#buffer
    this.#multipart ??= this.#createMultipart(full)
    this.#track(this.#upload(this.#multipart, number, full))
    this.#buffer = next
    this.#nextNumber = number + 1
  }

  async #upload(multipart: Promise<MultipartUpload>, number: number, buffer: PartBuffer): Promise<void> {
    try {
      const upload = await multipart
      this.#parts.push(await upload.uploadPart(number, buffer.bytes, { signal: this.#requests.signal }))
      buffer.release()
    } catch (error) {
      buffer.release({ reuse: false })
      throw error
    }
  }

  /** Begins the multipart upload, and remembers it while the first part is already on its way. */
  async #createMultipart(first: PartBuffer): Promise<MultipartUpload> {
    const multipart = await MultipartUpload.create(this.#bucket, this.#path, this.#token ?? '', {
      signal: this.#requests.signal,
    })
    const tail = Buffer.from(first.bytes.subarray(0, this.#recordedTail))
    this.#hasRecord = true
    this.#track(
      writeRecord(
        this.#bucket,
        this.#path,
        { uploadId: multipart.id, token: this.#token, offset: 0, tail },
        { signal: this.#requests.signal },
      ),
    )
    return multipart
  }

  /** Counts a request among those to wait for. Its failure shows at the next call. */
  #track(request: Promise<void>): void {
    const tracked = request.then(
      () => {
        this.#inFlight.delete(tracked)
      },
      (error: unknown) => {
        this.#inFlight.delete(tracked)
        this.#failure ??= error
      },
    )
    this.#inFlight.add(tracked)
  }

  async #allSent(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #writeRecord(tail: Uint8Array): Promise<void> {
    const multipart = await this.#multipart
    const stale = Object.fromEntries(
      Object.entries(this.#stale).filter(([number]) => Number(number) >= this.#nextNumber),
    )
    const record = { uploadId: multipart?.id, token: this.#token, offset: totalSize(this.#parts), stale, tail }
    this.#hasRecord = true
    await writeRecord(this.#bucket, this.#path, record, { signal: this.#requests.signal })
  }

  /** The tail again, after closing gave its memory back. */
  async #storedTail(signal: AbortSignal): Promise<Uint8Array> {
    const record = await readRecord(this.#bucket, this.#path, { signal })
    return record?.tail ?? new Uint8Array()
  }

  async #putWhole(content: Uint8Array, signal: AbortSignal): Promise<void> {
    const Key = this.#bucket.keys.key(this.#path)
    const command = new PutObjectCommand({ Bucket: this.#bucket.name, Key, Body: content, ...this.#bucket.settings })
    await this.#bucket.run(o => this.#bucket.client.send(command, o), { signal }, this.#path)
  }

  /** The answer to CreateMultipartUpload was lost or not waited for, so only a listing can tell the upload's id. */
  async #abortUnnamed(): Promise<void> {
    for await (const { path, id } of listUploads(this.#bucket, this.#bucket.keys.key(this.#path), {})) {
      if (path === this.#path) await new MultipartUpload(this.#bucket, path, id).abort({})
    }
  }

  #partsInOrder(): Part[] {
    return this.#parts.toSorted((a, b) => a.number - b.number)
  }
}

/** The content is in place: what is left over of the upload harms nobody, and a sweep removes it. */
function leaveToSweep(): void {}
