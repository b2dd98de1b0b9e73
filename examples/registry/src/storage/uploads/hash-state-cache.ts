import { type Hash, createHash } from 'node:crypto'
import type { FileWriter } from '@longshore/middleware-core'
import { LRUCache } from 'lru-cache'
import { type Digest, digestParts } from '../../oci/digest.ts'

/** Uploads whose hashes are kept at most. */
const MAX_HASHES = 4096

/** Time for which a hash is kept: one hour. The bytes of a client that pauses for longer are read again at the end. */
const TTL_MS = 60 * 60 * 1000

/**
 * Hash of an upload's bytes so far. It is always SHA-256: only the last request tells the algorithm, and SHA-512 beside it
 * would cost every push more than the rare one that names it pays for being read again.
 */
export class HashState {
  readonly #hash: Hash
  #size: number

  constructor(hash: Hash = createHash('sha256'), size = 0) {
    this.#hash = hash
    this.#size = size
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#size += bytes.length
  }

  copy(): HashState {
    return new HashState(this.#hash.copy(), this.#size)
  }

  /** Compares the bytes so far with a digest. */
  matches(digest: Digest): boolean {
    return supportsDigest(digest) && this.#hash.copy().digest('hex') === digestParts(digest).hex
  }
}

/** True for a digest that a hash state can be compared with. */
export function supportsDigest(digest: Digest): boolean {
  return digestParts(digest).algorithm === 'sha256'
}

/**
 * Cache of this node's hashes of unfinished uploads, so that their bytes need not be read again at the end. A hash counts
 * only together with the revision of the bytes that it was computed from.
 */
export class HashStateCache {
  readonly #hashes = new LRUCache<string, { revision: string; hash: HashState }>({ max: MAX_HASHES, ttl: TTL_MS })

  /** True when there is a hash of the upload, perhaps of an earlier revision. */
  has(upload: string): boolean {
    return this.#hashes.has(upload)
  }

  /** Gives the hash of exactly the bytes that a writer continues. */
  of(upload: string, { revision }: FileWriter): HashState | undefined {
    const cached = this.#hashes.get(upload)
    return cached !== undefined && cached.revision === revision ? cached.hash.copy() : undefined
  }

  /** Keeps the hash of what a writer has just closed, if it is that of all its bytes. */
  set(upload: string, { revision, size }: FileWriter, hash: HashState | undefined): void {
    if (hash !== undefined && hash.size === size && revision !== undefined) this.#hashes.set(upload, { revision, hash })
    else this.forget(upload)
  }

  forget(upload: string): void {
    this.#hashes.delete(upload)
  }
}
