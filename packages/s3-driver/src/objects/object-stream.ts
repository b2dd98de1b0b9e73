import { Readable } from 'node:stream'
import { StorageError, isStorageError } from '@longshore/middleware-core'
import { errorName, s3Error } from '../errors.ts'

/** An object's bytes from some position on. */
export interface OpenBody {
  readonly body: Readable
  /** Position behind the last byte that the body brings; undefined where the server told no length. */
  readonly end: number | undefined
}

/** Opens the object's body from a position on, as it was when it was first opened. */
export type OpenAt = (position: number) => Promise<OpenBody>

/** Times that one stream goes back for what a broken connection did not bring, without any byte coming in between. */
const maxReopenings = 3

/**
 * An object's bytes. A connection that breaks, or ends before all bytes have come, is replaced by one that goes on there, so a
 * reader of gigabytes need not begin again. Destroying the stream ends the connection, even before the first read.
 */
export class ObjectStream extends Readable {
  readonly #open: OpenAt
  #position: number
  #body: Readable
  #reopenings = 0
  #end: number | undefined

  constructor(first: OpenBody, position: number, open: OpenAt) {
    super({ highWaterMark: 256 * 1024 })
    this.#open = open
    this.#position = position
    this.#body = first.body
    this.#attach(first)
  }

  override _read(): void {
    this.#body.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body.destroy()
    callback(error)
  }

  #attach({ body, end }: OpenBody): void {
    this.#body = body
    this.#end = end
    body.on('data', (chunk: Buffer) => {
      this.#position += chunk.length
      this.#reopenings = 0
      if (end !== undefined && this.#position > end) {
        this.destroy(new StorageError('UNKNOWN', 'S3 sent more bytes than its answer said'))
      } else if (!this.push(chunk)) body.pause()
    })
    body.once('end', () => {
      if (end === undefined || this.#position >= end) this.push(null)
      else void this.#reopen(endedEarly(end - this.#position))
    })
    body.once('error', error => void this.#reopen(error))
    if (this.readableFlowing !== true) body.pause()
  }

  async #reopen(error: Error): Promise<void> {
    if (this.destroyed) return
    if (this.#position === this.#end) {
      // All bytes have come already, so it was not the connection that failed: a checksum did not match.
      this.destroy(s3Error(error))
      return
    }
    if (this.#reopenings++ >= maxReopenings) {
      this.destroy(s3Error(error))
      return
    }
    try {
      const next = await this.#open(this.#position)
      if (this.destroyed) next.body.destroy()
      else {
        this.#attach(next)
        next.body.resume()
      }
    } catch (failure) {
      // All bytes have come already, so it was not the connection that failed: a checksum did not match.
      this.destroy(isInvalidRange(failure) ? s3Error(error) : (failure as Error))
    }
  }
}

function endedEarly(missing: number): StorageError {
  return new StorageError('UNAVAILABLE', `S3 ended its answer ${missing} bytes too early`, { retryAfter: 1 })
}

/** Whether a read was to begin at or behind the object's end. */
export function isInvalidRange(error: unknown): boolean {
  return isStorageError(error) && errorName(error.cause) === 'InvalidRange'
}
