import { Readable } from 'node:stream'
import { isStorageError } from '@longshore/middleware-core'
import { errorName, s3Error } from '../errors.ts'

/** Opens the object's body from a position on, as it was when it was first opened. */
export type OpenAt = (position: number) => Promise<Readable>

/** Times that one stream goes back for what a broken connection did not bring, without any byte coming in between. */
const maxReopenings = 3

/**
 * An object's bytes. A connection that breaks is replaced by one that goes on where it broke, so a reader of gigabytes
 * need not begin again. Destroying the stream ends the connection, even before the first read.
 */
export class ObjectStream extends Readable {
  readonly #open: OpenAt
  #position: number
  #body: Readable
  #reopenings = 0
  /** Position behind the last byte that was asked for, unless that is the end of the object. */
  readonly #end: number | undefined

  constructor(body: Readable, position: number, open: OpenAt, end?: number) {
    super({ highWaterMark: 256 * 1024 })
    this.#open = open
    this.#end = end
    this.#position = position
    this.#body = body
    this.#attach(body)
  }

  override _read(): void {
    this.#body.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body.destroy()
    callback(error)
  }

  #attach(body: Readable): void {
    this.#body = body
    body.on('data', (chunk: Buffer) => {
      this.#position += chunk.length
      this.#reopenings = 0
      if (!this.push(chunk)) body.pause()
    })
    body.once('end', () => this.push(null))
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
      const body = await this.#open(this.#position)
      if (this.destroyed) body.destroy()
      else {
        this.#attach(body)
        body.resume()
      }
    } catch (failure) {
      // All bytes have come already, so it was not the connection that failed: a checksum did not match.
      this.destroy(isInvalidRange(failure) ? s3Error(error) : (failure as Error))
    }
  }
}

/** Whether a read was to begin at or behind the object's end. */
export function isInvalidRange(error: unknown): boolean {
  return isStorageError(error) && errorName(error.cause) === 'InvalidRange'
}
