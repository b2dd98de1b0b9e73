import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { CommitOptions, WriteConditions } from '../contract/call-options.ts'
import { StorageError, isStorageError } from '../contract/errors.ts'
import type { WriteResult } from '../contract/file-info.ts'
import type { FileWriter } from '../contract/file-writer.ts'
import { abortable, onAbort } from './abort.ts'
import { checkConditions } from './check-arguments.ts'
import type { Upload } from './upload.ts'

/** Callbacks into the driver that a writer belongs to. */
export interface WriterHooks {
  /** Runs one call: traces it and names its errors. */
  run<T>(operation: string, call: () => Promise<T>): Promise<T>
  translate(error: unknown): Error
  requireConditions(conditions: WriteConditions): void
}

type State = 'open' | 'closed' | 'being committed' | 'committed' | 'cancelled' | 'failed to commit'

/** The contract's {@link FileWriter} around an author's {@link Upload}. */
export class UploadWriter extends Writable implements FileWriter {
  readonly #upload: Upload
  readonly #hooks: WriterHooks
  #state: State = 'open'
  #hasWritten = false
  /** True while a commit is under way: ending the stream then needs no `close`, because `commit` stores everything itself. */
  #committing = false
  #stopListening = (): void => {}
  /** The cancelling under way. */
  #cancelling: Promise<void> | undefined

  constructor(upload: Upload, hooks: WriterHooks, signal?: AbortSignal) {
    super({ highWaterMark: 1 << 16 })
    this.#upload = upload
    this.#hooks = hooks
    // A failure is never lost: it rejects the close or commit that follows. It must not end the process before that.
    this.on('error', () => {})
    this.#stopListening = this.#destroyOn(signal)
  }

  get size(): number {
    return this.#upload.size
  }

  get revision(): string | undefined {
    const isSettled = this.#state === 'open' ? !this.#hasWritten && this.writableLength === 0 : this.#state === 'closed'
    return isSettled ? this.#upload.revision : undefined
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const fail = (error: unknown): void => callback(this.#hooks.translate(error))
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
    this.#hooks
      .run('close', () => this.#upload.close())
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

  async commit(options: CommitOptions = {}): Promise<WriteResult> {
    options.signal?.throwIfAborted()
    this.#checkConditions(options)
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
      const result = await this.#hooks.run('commit', () => this.#upload.commit(options))
      this.#state = 'committed'
      return result
    } catch (error) {
      const isKept = wasClosed || (await this.#closeAfterFailure(options.signal))
      this.#state =
        isKept && isStorageError(error, 'UNAVAILABLE', 'PRECONDITION_FAILED', 'UNSUPPORTED')
          ? 'closed'
          : 'failed to commit'
      throw options.signal?.aborted ? options.signal.reason : error
    }
  }

  #checkConditions(options: CommitOptions): void {
    try {
      checkConditions(options)
      this.#hooks.requireConditions(options)
    } catch (error) {
      throw this.#hooks.translate(error)
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
    await this.#hooks.run('cancel', () => this.#upload.cancel())
    this.#state = 'cancelled'
  }

  /** Stores the upload after a failed commit, so that it can be continued with `append`. False where that fails or is aborted. */
  async #closeAfterFailure(signal: AbortSignal | undefined): Promise<boolean> {
    if (!signal?.aborted && (await this.#isClosedUnlessAborted(signal))) return true
    try {
      await this.#upload.release()
    } catch {
      // The commit's own error says more.
    }
    return false
  }

  /** Closes the upload and resolves to true, or to false when that fails or the signal fires; closing may then go on. */
  async #isClosedUnlessAborted(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await abortable(this.#upload.close(), signal)
      return true
    } catch {
      return false
    }
  }

  /** Waits until the stream has finished, and rejects with the error that it broke on. The signal destroys it. */
  async #finish(signal?: AbortSignal): Promise<void> {
    if (this.writableFinished) return
    if (this.destroyed && !this.errored) throw this.#invalidState('destroyed before it was closed')
    const stopListening = this.#destroyOn(signal)
    try {
      if (this.errored) throw this.errored
      await finished(this, { readable: false })
    } catch (error) {
      throw signal?.aborted ? signal.reason : this.#hooks.translate(error)
    } finally {
      stopListening()
    }
  }

  #assertUnsettled(): void {
    if (this.#state !== 'open' && this.#state !== 'closed') throw this.#invalidState(`already ${this.#state}`)
    if (this.#cancelling) throw this.#invalidState('being cancelled')
  }

  #invalidState(state: string): Error {
    return this.#hooks.translate(new StorageError('INVALID_STATE', `the writer is ${state}`))
  }

  /** Destroys the writer when the signal fires. Gives a function that stops listening. */
  #destroyOn(signal: AbortSignal | undefined): () => void {
    return onAbort(signal, () => {
      const reason: unknown = signal?.reason
      this.destroy(reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
    })
  }
}
