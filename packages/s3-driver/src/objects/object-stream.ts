import { Readable } from 'node:stream'
import { StorageError, isStorageError } from '@longshore/middleware-core'
import { errorName, s3Error } from '../errors.ts'
import type { BodyHolder, BodySlots } from './body-slots.ts'

/** An object's bytes from some position on. */
export interface OpenBody {
  readonly body: Readable
  /** Position after the last byte that the body brings; undefined where the server told no length. */
  readonly end: number | undefined
  /** True where the same object can be asked for again. */
  readonly isReopenable: boolean
}

/** Opens the object's body from a position on, as it was when it was first opened. */
export type OpenAt = (position: number) => Promise<OpenBody>

/** Times that one stream goes back for what a broken connection did not bring, without any byte coming in between. */
const MAX_REOPENINGS = 3

/**
 * An object's bytes. A connection that breaks, or ends before all bytes have come, is replaced by one that goes on there, so a
 * reader of gigabytes need not begin again. One that nobody reads may lose its connection to another reader, and opens one when it
 * is read again. Destroying the stream ends the connection, even before the first read.
 */
export class ObjectStream extends Readable implements BodyHolder {
  readonly #open: OpenAt
  readonly #slots: BodySlots
  #position: number
  /** Undefined while the stream is suspended, or opens another. */
  #body: Readable | undefined
  #hasSlot = true
  #isSuspended = false
  #isReopenable = false
  #pausedAt: number | undefined
  #reopenings = 0
  #end: number | undefined

  /** Takes over a slot that was acquired for the first body. */
  constructor(first: OpenBody, position: number, open: OpenAt, slots: BodySlots) {
    super({ highWaterMark: 256 * 1024 })
    this.#open = open
    this.#slots = slots
    this.#position = position
    slots.add(this)
    this.#attach(first)
  }

  get idleSince(): number | undefined {
    return this.#isReopenable && this.#body ? this.#pausedAt : undefined
  }

  suspend(): void {
    const body = this.#body
    this.#body = undefined
    this.#isSuspended = true
    body?.destroy()
    this.#releaseSlot()
  }

  override _read(): void {
    this.#pausedAt = undefined
    if (this.#isSuspended) void this.#resume()
    else this.#body?.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body?.destroy()
    this.#slots.remove(this)
    this.#releaseSlot()
    callback(error)
  }

  #attach({ body, end, isReopenable }: OpenBody): void {
    this.#body = body
    this.#end = end
    this.#isReopenable = isReopenable
    body.on('data', (chunk: Buffer) => {
      if (body !== this.#body) return
      this.#position += chunk.length
      this.#reopenings = 0
      if (end !== undefined && this.#position > end) {
        this.destroy(new StorageError('UNKNOWN', 'S3 sent more bytes than its answer said'))
      } else if (!this.push(chunk)) this.#pause(body)
    })
    body.once('end', () => {
      if (body !== this.#body) return
      if (end !== undefined && this.#position < end) return void this.#reopen(endedEarly(end - this.#position))
      this.#body = undefined
      this.#releaseSlot()
      this.push(null)
    })
    body.on('error', error => {
      if (body === this.#body) void this.#reopen(error)
    })
    if (this.readableFlowing !== true) this.#pause(body)
  }

  #pause(body: Readable): void {
    this.#pausedAt = performance.now()
    body.pause()
  }

  async #resume(): Promise<void> {
    this.#isSuspended = false
    await this.#slots.acquire({})
    this.#hasSlot = true
    await this.#openNext(failure => failure)
  }

  async #reopen(error: Error): Promise<void> {
    this.#body = undefined
    if (this.destroyed) return
    // All bytes have come already, so it was not the connection that failed: a checksum did not match.
    if (this.#position === this.#end || this.#reopenings++ >= MAX_REOPENINGS) {
      this.destroy(s3Error(error))
      return
    }
    await this.#openNext(failure => (isInvalidRange(failure) ? s3Error(error) : failure))
  }

  async #openNext(errorFor: (failure: Error) => Error): Promise<void> {
    if (this.destroyed) return this.#releaseSlot()
    try {
      const next = await this.#open(this.#position)
      if (this.destroyed) next.body.destroy()
      else {
        this.#attach(next)
        this.#pausedAt = undefined
        next.body.resume()
      }
    } catch (failure) {
      this.destroy(errorFor(failure as Error))
    }
  }

  #releaseSlot(): void {
    if (!this.#hasSlot) return
    this.#hasSlot = false
    this.#slots.release()
  }
}

function endedEarly(missing: number): StorageError {
  return new StorageError('UNAVAILABLE', `S3 ended its answer ${missing} bytes too early`, { retryAfter: 1 })
}

/** True where a read was to begin at or after the object's end. */
export function isInvalidRange(error: unknown): boolean {
  return isStorageError(error) && errorName(error.cause) === 'InvalidRange'
}
