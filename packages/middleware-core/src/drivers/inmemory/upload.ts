import { randomUUID } from 'node:crypto'
import type { Upload } from '../../authoring/upload.ts'
import type { CommitOptions } from '../../contract/call-options.ts'
import type { WriteResult } from '../../contract/file-info.ts'
import type { FileMetadata } from '../../contract/metadata.ts'

/** Bytes of an unfinished upload, whichever writers they came from. Bytes are only ever added. */
export class UnfinishedUpload {
  readonly path: string
  readonly #id = randomUUID()
  readonly #chunks: Buffer[] = []
  size = 0
  touchedAt = new Date()
  /** True while it is closed or interrupted, and not continued since. */
  isAbandoned = false
  readonly metadata: FileMetadata | undefined

  constructor(path: string, metadata: FileMetadata | undefined) {
    this.path = path
    this.metadata = metadata
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Bytes are only ever added, so their number tells which of them the upload had. */
  get revision(): string {
    return `${this.#id}-${this.size}`
  }

  append(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk))
    this.size += chunk.length
    this.touchedAt = new Date()
  }
}

/** Callbacks into the storage at the end of an upload, or of its writer. */
export interface UploadCallbacks {
  release(): void
  commit(options: CommitOptions): WriteResult
  cancel(): void
}

/** Upload as one writer has it. */
export class InMemoryUpload implements Upload {
  readonly #upload: UnfinishedUpload
  readonly #callbacks: UploadCallbacks

  constructor(upload: UnfinishedUpload, callbacks: UploadCallbacks) {
    this.#upload = upload
    this.#callbacks = callbacks
  }

  get size(): number {
    return this.#upload.size
  }

  get revision(): string {
    return this.#upload.revision
  }

  write(chunk: Uint8Array): void {
    this.#upload.append(chunk)
  }

  async close(): Promise<void> {
    this.#callbacks.release()
  }

  async commit(options: CommitOptions): Promise<WriteResult> {
    return this.#callbacks.commit(options)
  }

  async cancel(): Promise<void> {
    this.#callbacks.cancel()
  }

  release(): void {
    this.#callbacks.release()
  }
}
