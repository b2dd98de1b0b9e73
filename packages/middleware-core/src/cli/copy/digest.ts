import { type Hash, createHash } from 'node:crypto'
import { StorageError } from '../../contract/errors.ts'

/** Path of a blob in the layout of Distribution, which names the SHA-256 of its content. */
const blob = /\/blobs\/sha256\/([0-9a-f]{2})\/(\1[0-9a-f]{62})\/data$/

/** SHA-256 of a content, and the comparison with what the content should have. */
export class Digest {
  readonly #hash: Hash = createHash('sha256')
  #hex: string | undefined

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk)
  }

  /** The digest in hexadecimal digits. Nothing can be added any more. */
  get hex(): string {
    this.#hex ??= this.#hash.digest('hex')
    return this.#hex
  }

  /** Throws where one of the paths is that of a blob with another digest. */
  assertNamedBy(...paths: readonly string[]): void {
    for (const path of paths) {
      const expected = blob.exec(path)?.[2]
      if (expected !== undefined && expected !== this.hex) {
        throw new StorageError('UNKNOWN', `wrong content for ${path}: its SHA-256 is ${this.hex}`, { path })
      }
    }
  }
}
