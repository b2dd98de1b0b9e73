import type { CallOptions, CommitOptions, WriteConditions } from '../contract/call-options.ts'
import type { DirectUpload, DirectUploadPart, PartUrlOptions, UploadRequest } from '../contract/direct-upload.ts'
import type { WriteResult } from '../contract/file-info.ts'
import { checkConditions, checkPartUrl, invalidArgument } from './check-arguments.ts'

/** Callbacks into the driver that a direct upload belongs to. */
export interface DirectUploadHooks {
  /** Runs one call, with its checks, as every call of the driver is run. */
  run<T>(operation: string, options: CallOptions, check: () => void, call: () => Promise<T>): Promise<T>
  requireConditions(conditions: WriteConditions): void
}

/** The contract's rules around an author's direct upload. */
export class CheckedDirectUpload implements DirectUpload {
  readonly #inner: DirectUpload
  readonly #hooks: DirectUploadHooks

  constructor(inner: DirectUpload, hooks: DirectUploadHooks) {
    this.#inner = inner
    this.#hooks = hooks
  }

  get id(): string {
    return this.#inner.id
  }

  get size(): number {
    return this.#inner.size
  }

  get partSize(): number {
    return this.#inner.partSize
  }

  get partCount(): number {
    return this.#inner.partCount
  }

  partUrl(number: number, options: PartUrlOptions = {}): Promise<UploadRequest> {
    const check = (): void => {
      if (!Number.isSafeInteger(number) || number < 1 || number > this.partCount) {
        throw invalidArgument('part number', `${number}`, `1 to ${this.partCount}`)
      }
      checkPartUrl(options)
    }
    return this.#hooks.run('partUrl', options, check, () => this.#inner.partUrl(number, options))
  }

  parts(options: CallOptions = {}): Promise<DirectUploadPart[]> {
    return this.#hooks.run(
      'parts',
      options,
      () => {},
      () => this.#inner.parts(options),
    )
  }

  commit(options: CommitOptions = {}): Promise<WriteResult> {
    const check = (): void => {
      checkConditions(options)
      this.#hooks.requireConditions(options)
    }
    return this.#hooks.run('commit', options, check, () => this.#inner.commit(options))
  }

  cancel(options: CallOptions = {}): Promise<void> {
    return this.#hooks.run(
      'cancel',
      options,
      () => {},
      () => this.#inner.cancel(options),
    )
  }
}
