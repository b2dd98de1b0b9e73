import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

const mebibyte = 2 ** 20

/** A blob that nobody has seen before. */
export interface Blob {
  readonly digest: string
  /** Bytes. */
  readonly size: number
  /** The bytes, made while they are read: no blob is in memory whole. */
  body(): Readable
}

/**
 * Makes blobs of one size, each with another digest. They differ in their last bytes only, so that the rest is hashed
 * once for all.
 */
export function blobsOf(size: number): () => Blob {
  const block = randomBytes(Math.min(size, mebibyte))
  const tail = Math.min(size, 16)
  const begun = createHash('sha256')
  const before = function* (): Generator<Buffer> {
    for (let left = size - tail; left > 0; left -= block.length) yield block.subarray(0, Math.min(left, block.length))
  }
  for (const chunk of before()) begun.update(chunk)
  return () => {
    const end = randomBytes(tail)
    const chunks = function* (): Generator<Buffer> {
      yield* before()
      yield end
    }
    const digest = `sha256:${begun.copy().update(end).digest('hex')}`
    return { digest, size, body: () => Readable.from(chunks(), { objectMode: false }) }
  }
}
