import type { Readable } from 'node:stream'
import { RegistryError } from '../oci/errors.ts'
import type { Blob, BlobStore } from '../storage/blob-store.ts'

/** Seconds after which a client that was not served should try again. */
const retryAfter = 1

/**
 * The blobs that this process is sending itself. Each holds a file or a connection of the storage for as long as its client
 * takes, so without a bound those who take long would leave none for anybody else.
 */
export class InlineBlobs {
  readonly #blobs: BlobStore
  readonly #most: number
  #open = 0

  /** @param most how many may be open at once */
  constructor(blobs: BlobStore, most: number) {
    this.#blobs = blobs
    this.#most = most
  }

  /** A blob's bytes from an offset on. It counts until the stream is closed. `UNAVAILABLE` when there may be no more. */
  async reader(blob: Blob, offset: number): Promise<Readable> {
    if (this.#open >= this.#most) {
      const headers = { 'retry-after': String(retryAfter) }
      throw new RegistryError('UNAVAILABLE', 'too many blobs are being sent; try again', { headers })
    }
    this.#open += 1
    const closed = (): unknown => (this.#open -= 1)
    try {
      const stream = await this.#blobs.reader(blob, offset)
      return stream.once('close', closed)
    } catch (error) {
      closed()
      throw error
    }
  }
}
