import type { Readable } from 'node:stream'
import { RegistryError } from '../oci/errors.ts'
import type { Blob, BlobRange, BlobStore } from '../storage/blob-store.ts'

/** Seconds after which a client that was not served should try again. */
const RETRY_AFTER_SECONDS = 1

/**
 * Blobs that this process is sending itself. Each holds a file or a connection of the storage for as long as its client
 * takes, so without a limit slow clients would leave none for others.
 */
export class InlineBlobs {
  readonly #blobs: BlobStore
  readonly #max: number
  #open = 0

  /** @param max blobs open at once */
  constructor(blobs: BlobStore, max: number) {
    this.#blobs = blobs
    this.#max = max
  }

  /** Streams a blob's bytes, or a range of them. It counts until the stream is closed. `UNAVAILABLE` beyond the limit. */
  async reader(blob: Blob, range?: BlobRange): Promise<Readable> {
    if (this.#open >= this.#max) {
      const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) }
      throw new RegistryError('UNAVAILABLE', 'too many blobs are being sent; try again', { headers })
    }
    this.#open += 1
    const closed = (): unknown => (this.#open -= 1)
    try {
      const stream = await this.#blobs.reader(blob, range)
      return stream.once('close', closed)
    } catch (error) {
      closed()
      throw error
    }
  }
}
