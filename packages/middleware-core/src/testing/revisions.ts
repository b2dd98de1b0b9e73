import assert from 'node:assert/strict'
import type { FileWriter } from '../contract/index.ts'

/** Every revision that the writers of one storage gave, and the bytes that it stands for. */
export class Revisions {
  readonly #known = new Map<string, Buffer>()

  /** Fails when the writer, whose upload has these bytes, gives a revision that stands for others. */
  note({ revision }: FileWriter, bytes: Buffer): void {
    if (revision === undefined) return
    const others = this.#known.get(revision) ?? bytes
    assert.ok(
      others.equals(bytes),
      `revision ${revision} stands for ${others.length} bytes and for ${bytes.length} others`,
    )
    this.#known.set(revision, bytes)
  }
}
