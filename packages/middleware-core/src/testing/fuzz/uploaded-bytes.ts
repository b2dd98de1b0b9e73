import type { FileWriter } from '../../contract/index.ts'
import { Revisions } from '../revisions.ts'

/** The bytes of the uploads that a sequence has left in one storage, to hold them against the revisions it gives. */
export class UploadedBytes {
  readonly #left = new Map<string, Buffer>()
  readonly #revisions = new Revisions()

  /** A writer was opened. What it finds, unless it starts anew. */
  opened(path: string, writer: FileWriter, append: boolean): Buffer {
    const found = (append ? this.#left.get(path) : undefined) ?? Buffer.alloc(0)
    this.#revisions.note(writer, found)
    return found
  }

  /** A writer was closed, with these bytes. */
  closed(path: string, writer: FileWriter, bytes: Buffer): void {
    this.#revisions.note(writer, bytes)
    this.#left.set(path, bytes)
  }

  /** The upload to the path was committed or cancelled. */
  ended(path: string): void {
    this.#left.delete(path)
  }
}
