import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { requireSignature } from '../signature/authentication.ts'
import type { Authentication } from '../signature/authentication.ts'
import { EMPTY_SHA256, sha256, sign } from '../signature/v4.ts'
import { s3Error } from '../errors.ts'

const MAX_LINE_BYTES = 16 * 1024

/**
 * The content of an `aws-chunked` body: `size-in-hex[;chunk-signature=...]\r\n content \r\n`, a chunk of no size, then
 * trailing headers ("Signature calculations for ... chunked upload" and "... trailing headers", S3 API Reference).
 * Signatures are verified where `chunks` is given; `trailers` takes the trailing headers.
 */
export async function* decodeAwsChunked(
  body: AsyncIterable<Buffer>,
  chunks: Authentication['chunks'],
  trailers: Map<string, string>,
): AsyncGenerator<Buffer, void, void> {
  const input = new Input(body)
  const verifier = chunks && new ChunkVerifier(chunks)
  for (;;) {
    const [, hex, signature] =
      /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec((await input.line()) ?? '') ?? []
    if (hex === undefined) throw incomplete()
    let left = Number.parseInt(hex, 16)
    const last = left === 0
    while (left > 0) {
      const piece = await input.take(left)
      left -= piece.length
      verifier?.update(piece)
      yield piece
    }
    verifier?.endChunk(signature)
    if (last) break
    if ((await input.line()) !== '') throw incomplete()
  }
  for (;;) {
    // AWS's own example ends a trailing header with "\n\r\n", its SDKs end it with "\r\n".
    const line = (await input.line())?.trim()
    if (!line) break
    const colon = line.indexOf(':')
    if (colon === -1) throw s3Error('MalformedTrailerError', 'The trailing headers are not well-formed')
    trailers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  verifier?.endTrailers(trailers)
  await input.drain()
}

class ChunkVerifier {
  readonly #signing: NonNullable<Authentication['chunks']>
  #previous: string
  #hash: Hash = createHash('sha256')

  constructor(signing: NonNullable<Authentication['chunks']>) {
    this.#signing = signing
    this.#previous = signing.seed
  }

  update(piece: Buffer): void {
    this.#hash.update(piece)
  }

  endChunk(signature: string | undefined): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, this.#hash.digest('hex')], signature)
    this.#hash = createHash('sha256')
  }

  endTrailers(trailers: Map<string, string>): void {
    const signature = trailers.get('x-amz-trailer-signature')
    trailers.delete('x-amz-trailer-signature')
    if (trailers.size === 0) return
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('')
    this.#check('AWS4-HMAC-SHA256-TRAILER', [sha256(text)], signature)
  }

  #check(kind: string, hashes: string[], signature: string | undefined): void {
    const { key, amzDate, scope } = this.#signing
    const text = [kind, amzDate, scope, this.#previous, ...hashes].join('\n')
    requireSignature(sign(key, text), signature ?? '', { StringToSign: text })
    this.#previous = signature ?? ''
  }
}

/** The body as something to take lines and bytes from. */
class Input {
  readonly #chunks: AsyncIterator<Buffer>
  #pending: Buffer = Buffer.alloc(0)

  constructor(body: AsyncIterable<Buffer>) {
    this.#chunks = body[Symbol.asyncIterator]()
  }

  /** Without its `\r\n`; `undefined` at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#pending.indexOf('\r\n')
      if (end !== -1) {
        const line = this.#pending.toString('latin1', 0, end)
        this.#pending = this.#pending.subarray(end + 2)
        return line
      }
      if (this.#pending.length > MAX_LINE_BYTES) throw incomplete()
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#pending = Buffer.concat([this.#pending, next.value])
    }
  }

  /** At least one byte, at most `length`. */
  async take(length: number): Promise<Buffer> {
    while (this.#pending.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) throw incomplete()
      this.#pending = next.value
    }
    const piece = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(piece.length)
    return piece
  }

  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done) this.#pending = Buffer.alloc(0)
  }
}

function incomplete() {
  return s3Error('IncompleteBody', 'The request body terminated unexpectedly')
}
