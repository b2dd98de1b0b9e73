import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { CallOptions, FileWriter } from '../contract/storage-driver.ts'
import { StorageError, isStorageError } from '../contract/errors.ts'

/**
 * What a driver's author implements of an upload. The contract's rules around it (state, stream, errors, aborts) are
 * {@link UploadWriter}'s: methods are called in a legal order only, and one at a time, except that `release` may come
 * while another is pending and must then bring it to an end.
 */
export interface Upload {
  /** Bytes of the upload so far, those in memory included. */
  readonly size: number
  /** See {@link FileWriter.revision}. Asked only while nothing was written since the upload was opened or closed. */
  readonly revision?: string | undefined
  /** Takes the bytes over. Their owner may change them once the promise resolves, or at once when nothing is returned. */
  write(chunk: Uint8Array): Promise<void> | void
  /** Makes all bytes durable and resumable, and frees memory. No `write` follows. Called after a failed commit, too. */
  close(): Promise<void>
  /**
   * Publishes all bytes at the destination, whether closed before or not. Called again only when it failed with
   * `UNAVAILABLE` and the `close` that then followed, unless one went before, succeeded.
   */
  commit(signal: AbortSignal | undefined): Promise<void>
  /** Removes the upload and everything it stored, whatever happened before. Called again only when it failed. */
  cancel(): Promise<void>
  /** Stops requests and frees memory; what is durable stays. Comes instead of `close`, or when that failed or was aborted. */
  release(): Promise<void> | void
}

/** What the driver around a writer does for each of its calls: naming errors and announcing the call. */
export interface WriterDuties {
  guard<T>(operation: string, call: () => Promise<T>): Promise<T>
  translate(error: unknown): Error
}

type State = 'open' | 'closed' | 'being committed' | 'committed' | 'cancelled' | 'failed to commit'

/** The contract's {@link FileWriter} around an author's {@link Upload}. */
export class UploadWriter extends Writable implements FileWriter {
  readonly #upload: Upload
  readonly #duties: WriterDuties
  #state: State = 'open'
  #hasWritten = false
  /** A commit is under way: ending the stream then needs no `close`, because `commit` stores everything itself. */
  #committing = false
  #stopListening = (): void => {}
  /** The cancelling under way. */
  #cancelling: Promise<void> | undefined

  constructor(upload: Upload, duties: WriterDuties, signal?: AbortSignal) {
    super({ highWaterMark: 1 << 16 })
    this.#upload = upload
    this.#duties = duties
    // A failure is never lost: it rejects the close or commit that follows. It must not end the process before that.
    this.on('error', () => {})
    if (signal) this.#stopListening = this.#destroyOn(signal)
  }

  get size(): number {
    return this.#upload.size
  }

  get revision(): string | undefined {
    const isSettled = this.#state === 'open' ? !this.#hasWritten && this.writableLength === 0 : this.#state === 'closed'
    return isSettled ? this.#upload.revision : undefined
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const fail = (error: unknown): void => callback(this.#duties.translate(error))
    this.#hasWritten = true
    try {
      const pending = this.#upload.write(chunk)
      if (pending) pending.then(() => callback(), fail)
      else callback()
    } catch (error) {
      fail(error)
    }
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.#committing) {
      callback()
      return
    }
    this.#duties
      .guard('close', () => this.#upload.close())
      .then(
        () => {
          if (this.#state === 'open') this.#state = 'closed'
          callback()
        },
        (error: Error) => callback(error),
      )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stopListening()
    const done = (): void => callback(error)
    if (this.#state === 'closed' || (this.#committing && this.writableFinished)) done()
    else Promise.resolve(this.#upload.release()).then(done, done)
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return
    this.end()
    await this.#finish()
  }

  async commit(options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    this.#assertUnsettled()
    if (!this.writableEnded && !this.destroyed) {
      this.#committing = true
      this.end()
    }
    await this.#finish(options.signal)
    this.#assertUnsettled()
    const wasClosed = this.#state === 'closed'
    this.#state = 'being committed'
    try {
      await this.#duties.guard('commit', () => this.#upload.commit(options.signal))
      this.#state = 'committed'
    } catch (error) {
      const isKept = wasClosed || (await this.#keepWhatWasWritten(options.signal))
      this.#state = isKept && isStorageError(error, 'UNAVAILABLE') ? 'closed' : 'failed to commit'
      throw options.signal?.aborted ? options.signal.reason : error
    }
  }

  cancel(): Promise<void> {
    this.#cancelling ??= this.#cancel().finally(() => {
      this.#cancelling = undefined
    })
    return this.#cancelling
  }

  async #cancel(): Promise<void> {
    if (this.#state === 'cancelled') return
    if (this.#state === 'committed' || this.#state === 'being committed') this.#assertUnsettled()
    if (!this.writableFinished) {
      this.destroy()
      await finished(this).catch(() => {})
    }
    await this.#duties.guard('cancel', () => this.#upload.cancel())
    this.#state = 'cancelled'
  }

  /** After a failed commit the upload can be continued with `append`, unless storing it fails or is aborted: then false. */
  async #keepWhatWasWritten(signal: AbortSignal | undefined): Promise<boolean> {
    if (!signal?.aborted && (await this.#isClosedUnlessAborted(signal))) return true
    try {
      await this.#upload.release()
    } catch {
      // The commit's own error says more.
    }
    return false
  }

  /** Whether closing the upload succeeds before the signal fires. When it fires, the closing may still be under way. */
  async #isClosedUnlessAborted(signal: AbortSignal | undefined): Promise<boolean> {
    let stopListening = (): void => {}
    const aborted = new Promise<boolean>(resolve => {
      if (signal) stopListening = onAbort(signal, () => resolve(false))
    })
    const closed = this.#upload.close().then(
      () => true,
      () => false,
    )
    const isClosed = await Promise.race([closed, aborted])
    stopListening()
    return isClosed
  }

  /** Waits until the stream has finished, and rejects with the error that it broke on. The signal destroys it. */
  async #finish(signal?: AbortSignal): Promise<void> {
    if (this.writableFinished) return
    if (this.destroyed && !this.errored) throw this.#wrongState('destroyed before it was closed')
    const stopListening = signal ? this.#destroyOn(signal) : undefined
    try {
      if (this.errored) throw this.errored
      await finished(this, { readable: false })
    } catch (error) {
      throw signal?.aborted ? signal.reason : this.#duties.translate(error)
    } finally {
      stopListening?.()
    }
  }

  #assertUnsettled(): void {
    if (this.#state !== 'open' && this.#state !== 'closed') throw this.#wrongState(`already ${this.#state}`)
    if (this.#cancelling) throw this.#wrongState('being cancelled')
  }

  #wrongState(what: string): Error {
    return this.#duties.translate(new StorageError('INVALID_STATE', `the writer is ${what}`))
  }

  /** Destroys the writer when the signal fires, until what is returned is called. */
  #destroyOn(signal: AbortSignal): () => void {
    return onAbort(signal, () => {
      this.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }))
    })
  }
}

/** Runs `act` when the signal fires, or at once when it has, until what is returned is called. */
function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act()
    return () => {}
  }
  signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}
