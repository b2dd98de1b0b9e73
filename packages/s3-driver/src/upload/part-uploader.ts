import type { CallOptions } from '@longshore/middleware-core'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import { type Part, partsDigest, totalSize } from '../multipart/parts.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { PartBuffer } from './part-buffer.ts'
import { PendingRequests } from '../pending-requests.ts'
import type { UploadState } from './state.ts'

/** The parts of one upload, those that S3 has and those under way, and the multipart upload that they belong to. */
export class PartUploader {
  readonly #options: CallOptions
  readonly #concurrency: number
  readonly #uploaded: Part[]
  readonly #orphaned: Readonly<Record<string, string>>
  readonly #pending = new PendingRequests()
  #multipart: Promise<MultipartUpload> | undefined
  #nextNumber: number

  constructor(state: UploadState, concurrency: number, options: CallOptions) {
    this.#options = options
    this.#concurrency = concurrency
    this.#uploaded = [...state.parts]
    this.#orphaned = state.orphaned
    this.#multipart = state.multipart && Promise.resolve(state.multipart)
    this.#nextNumber = this.#uploaded.length + 1
  }

  /** Parts that S3 has taken, in the order in which it did. */
  get uploaded(): readonly Part[] {
    return this.#uploaded
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
  waitForSlot(): Promise<void> {
    return this.#pending.waitForSlot(this.#concurrency)
  }

  /** Waits until nothing is under way; throws if something has failed. */
  drain(): Promise<void> {
    return this.#pending.drain()
  }

  /** Counts a request among those under way. */
  track(request: Promise<void>): void {
    this.#pending.track(request)
  }

  /** Starts sending the next part. The buffer is freed once it has arrived. */
  send(buffer: PartBuffer, create: () => Promise<MultipartUpload>): void {
    this.#multipart ??= create()
    this.#pending.track(this.#upload(this.#multipart, this.#nextNumber++, buffer))
  }

  /** Sends what remains as the last part, waits for all others, and returns them in order. */
  async sendLast(tail: Uint8Array): Promise<{ multipart: MultipartUpload; parts: Part[] }> {
    const multipart = await (this.#multipart as Promise<MultipartUpload>)
    // The tail counts as any other part. That one of those failed is met below, once all have ended.
    await this.waitForSlot().catch(() => {})
    const last = tail.length > 0 ? multipart.uploadPart(this.#nextNumber, tail, this.#options) : undefined
    // If one fails the other must have ended too: the tail's memory is about to be stored or given back.
    await Promise.allSettled([last, this.drain()])
    await this.drain()
    const parts = this.#ordered()
    if (last) parts.push(await last)
    return { multipart, parts }
  }

  /** Describes the parts for a checkpoint, while none is being sent. */
  async checkpoint(): Promise<Pick<Checkpoint, 'uploadId' | 'checksum' | 'offset' | 'orphaned' | 'parts'>> {
    const multipart = await this.#multipart
    const orphaned = Object.entries(this.#orphaned).filter(([number]) => Number(number) >= this.#nextNumber)
    const all = [...this.#ordered(), ...orphaned.map(([number, etag]) => ({ number: Number(number), etag }))]
    return {
      uploadId: multipart?.id,
      checksum: multipart?.checksum,
      offset: totalSize(this.#uploaded),
      orphaned: Object.fromEntries(orphaned),
      parts: partsDigest(all),
    }
  }

  async #upload(multipart: Promise<MultipartUpload>, number: number, buffer: PartBuffer): Promise<void> {
    try {
      const upload = await multipart
      this.#uploaded.push(await upload.uploadPart(number, buffer.bytes, this.#options))
      buffer.free()
    } catch (error) {
      buffer.free({ reuse: false })
      throw error
    }
  }

  #ordered(): Part[] {
    return this.#uploaded.toSorted((a, b) => a.number - b.number)
  }
}
