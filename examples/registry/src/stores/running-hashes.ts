import { type Hash, createHash } from 'node:crypto'
import type { DigestAlgorithm } from '../digest.ts'

/** What nearly every client uses. An upload in parts learns which one it was only with its last request. */
const expected: DigestAlgorithm = 'sha256'

/**
 * The hashes of uploads between their requests, so that an upload whose requests all come to this process is never read
 * again to check it. Losing one, or finding that another node has continued the upload, costs a reading of its bytes.
 */
export class RunningHashes {
  readonly #limit: number
  readonly #hashes = new Map<string, { hash: Hash; offset: number }>()

  /** Remembers the `limit` uploads that were touched last. */
  constructor(limit = 10_000) {
    this.#limit = limit
  }

  /** The hash over an upload's first `offset` bytes, if it is known. It is the caller's now, to feed and to keep again. */
  take(upload: string, offset: number, algorithm: DigestAlgorithm = expected): Hash | undefined {
    const known = this.#hashes.get(upload)
    this.#hashes.delete(upload)
    if (offset === 0) return createHash(algorithm)
    return known?.offset === offset && algorithm === expected ? known.hash : undefined
  }

  keep(upload: string, offset: number, hash: Hash | undefined): void {
    if (hash === undefined) return
    this.#hashes.set(upload, { hash, offset })
    if (this.#hashes.size <= this.#limit) return
    const [oldest] = this.#hashes.keys()
    if (oldest !== undefined) this.#hashes.delete(oldest)
  }
}
