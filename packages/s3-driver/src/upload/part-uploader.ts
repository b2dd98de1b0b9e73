import type { CallOptions } from '@longshore/middleware-core'
import { PendingRequests } from './pending-requests.ts'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import type { PartBuffer } from './part-buffer.ts'
import { type Part, partsDigest, totalSize } from '../multipart/parts.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { UploadState } from './state.ts'

/** The parts of one upload, those that S3 holds and those on their way, and the multipart upload that they belong to. */
export class PartUploader {
  readonly #options: CallOptions
  readonly #concurrency: number
  readonly #held: Part[]
  readonly #stale: Readonly<Record<string, string>>
  readonly #pending = new PendingRequests()
  #multipart: Promise<MultipartUpload> | undefined
  #nextNumber: number

  constructor(state: UploadState, concurrency: number, options: CallOptions) {
    this.#options = options
    this.#concurrency = concurrency
    this.#held = [...state.parts]
    this.#stale = state.stale
    this.#multipart = state.multipart && Promise.resolve(state.multipart)
    this.#nextNumber = this.#held.length + 1
  }

  /** What S3 has taken, in the order in which it did. */
  get held(): readonly Part[] {
    return this.#held
  }

  get nextNumber(): number {
    return this.#nextNumber
  }

  /** The multipart upload, once the first part needed one. */
  get multipart(): Promise<MultipartUpload> | undefined {
    return this.#multipart
  }

  throwIfFailed(): void {
    this.#pending.throwIfFailed()
  }

  /** Waits until another part may be sent; throws if one has failed. */
  room(): Promise<void> {
    return this.#pending.room(this.#concurrency)
  }

  /** Waits until nothing is on its way; throws if something has failed. */
  done(): Promise<void> {
    return this.#pending.done()
  }

  /** Counts a request among those on their way. */
  track(request: Promise<void>): void {
    this.#pending.add(request)
  }

  /** Starts the next part on its way. The buffer is released once it has arrived. */
  send(buffer: PartBuffer, create: () => Promise<MultipartUpload>): void {
    this.#multipart ??= create()
    this.#pending.add(this.#upload(this.#multipart, this.#nextNumber++, buffer))
  }

  /** Sends what remains as the last part, waits for all others, and returns them in order. */
  async sendLast(tail: Uint8Array): Promise<{ multipart: MultipartUpload; parts: Part[] }> {
    const multipart = await (this.#multipart as Promise<MultipartUpload>)
    // The tail counts as any other part. That one of those failed is met below, once all have ended.
    await this.room().catch(() => {})
    const last = tail.length > 0 ? multipart.uploadPart(this.#nextNumber, tail, this.#options) : undefined
    // If one fails the other must have ended too: the tail's memory is about to be stored or given back.
    await Promise.allSettled([last, this.done()])
    await this.done()
    const parts = this.#ordered()
    if (last) parts.push(await last)
    return { multipart, parts }
  }

  /** What a record says of the parts when nothing is on its way. */
  async recorded(): Promise<Pick<Checkpoint, 'uploadId' | 'offset' | 'stale' | 'parts'>> {
    const multipart = await this.#multipart
    const left = Object.entries(this.#stale).filter(([number]) => Number(number) >= this.#nextNumber)
    const all = [...this.#ordered(), ...left.map(([number, etag]) => ({ number: Number(number), etag }))]
    return {
      uploadId: multipart?.id,
      offset: totalSize(this.#held),
      stale: Object.fromEntries(left),
      parts: partsDigest(all),
    }
  }

  async #upload(multipart: Promise<MultipartUpload>, number: number, buffer: PartBuffer): Promise<void> {
    try {
      const upload = await multipart
      this.#held.push(await upload.uploadPart(number, buffer.bytes, this.#options))
      buffer.release()
    } catch (error) {
      buffer.release({ reuse: false })
      throw error
    }
  }

  #ordered(): Part[] {
    return this.#held.toSorted((a, b) => a.number - b.number)
  }
}
