import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { CommitOptions } from '../contract/call-options.ts'
import type { WriteResult } from '../contract/file-info.ts'
import type { FileWriter } from '../contract/file-writer.ts'

/**
 * Forwards everything to the writer it wraps, with its backpressure, so that a middleware overrides only what it changes:
 * usually `transform`, and `flush` where bytes are held back.
 *
 * @example
 * class Encrypting extends ForwardingWriter {
 *   readonly #cipher = createCipheriv(...)
 *   protected override transform(chunk: Uint8Array) { return this.#cipher.update(chunk) }
 *   protected override flush() { return this.#cipher.final() }
 * }
 */
export class ForwardingWriter extends Writable implements FileWriter {
  protected readonly inner: FileWriter
  #isFlushed = false

  constructor(inner: FileWriter) {
    super({ highWaterMark: 1 << 16 })
    this.inner = inner
    // A failure is never lost: it rejects the close or commit that follows. It must not end the process before that.
    this.on('error', () => {})
    inner.once('close', () => {
      if (inner.errored) this.destroy(this.mapError(inner.errored))
    })
  }

  /** Bytes to write in the place of a chunk. Default: the chunk. */
  protected transform(chunk: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return chunk
  }

  /** Error to tell in the place of one of the writer that is wrapped. Default: the same. */
  protected mapError(error: unknown): Error {
    return error as Error
  }

  /** Bytes to write at the end, before a close or a commit. Default: none. */
  protected flush(): Uint8Array | Promise<Uint8Array> {
    return new Uint8Array()
  }

  get size(): number {
    return this.inner.size
  }

  get revision(): string | undefined {
    return this.writableLength === 0 ? this.inner.revision : undefined
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#forward(() => this.transform(chunk)).then(
      () => callback(),
      (error: unknown) => callback(this.mapError(error)),
    )
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#flushOnce()
      .then(() => (this.#isCommitting ? undefined : this.inner.close()))
      .then(
        () => callback(),
        (error: unknown) => callback(this.mapError(error)),
      )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.writableFinished || this.inner.closed) {
      callback(error)
      return
    }
    this.inner.once('close', () => callback(error))
    this.inner.destroy(error ?? undefined)
  }

  #isCommitting = false

  async close(): Promise<void> {
    if (this.writableEnded) return this.#mapped(() => this.inner.close())
    this.end()
    await finished(this, { readable: false })
  }

  async commit(options?: CommitOptions): Promise<WriteResult> {
    if (!this.writableEnded && !this.destroyed) {
      this.#isCommitting = true
      this.end()
      await finished(this, { readable: false })
    }
    return this.#mapped(() => this.inner.commit(options))
  }

  async cancel(): Promise<void> {
    await this.#mapped(() => this.inner.cancel())
    this.destroy()
  }

  async #mapped<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw this.mapError(error)
    }
  }

  async #flushOnce(): Promise<void> {
    if (this.#isFlushed) return
    this.#isFlushed = true
    await this.#forward(() => this.flush())
  }

  async #forward(bytes: () => Uint8Array | Promise<Uint8Array>): Promise<void> {
    const chunk = await bytes()
    if (chunk.length === 0) return
    await new Promise<void>((resolve, reject) => {
      this.inner.write(chunk, error => (error ? reject(error) : resolve()))
    })
  }
}
