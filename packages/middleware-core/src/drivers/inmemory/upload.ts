import { randomUUID } from 'node:crypto'
import type { Upload } from '../../authoring/upload-writer.ts'

/** The bytes of an unfinished upload, whichever writers they came from. Nothing but more of them ever changes them. */
export class UnfinishedUpload {
  readonly path: string
  readonly #id = randomUUID()
  readonly #chunks: Buffer[] = []
  size = 0
  touchedAt = new Date()
  /** Closed or interrupted, and not continued since. */
  isLeft = false

  constructor(path: string) {
    this.path = path
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

/** What the end of an upload, or of its writer, does to the storage. */
export interface Ending {
  leave(): void
  publish(): void
  discard(): void
}

/** One writer's hold on an upload. */
export class InMemoryUpload implements Upload {
  readonly #upload: UnfinishedUpload
  readonly #ending: Ending

  constructor(upload: UnfinishedUpload, ending: Ending) {
    this.#upload = upload
    this.#ending = ending
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
    this.#ending.leave()
  }

  async commit(): Promise<void> {
    this.#ending.publish()
  }

  async cancel(): Promise<void> {
    this.#ending.discard()
  }

  release(): void {
    this.#ending.leave()
  }
}
