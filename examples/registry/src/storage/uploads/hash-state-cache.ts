import { type Hash, createHash } from 'node:crypto'
import type { FileWriter } from '@longshore/middleware-core'
import { LRUCache } from 'lru-cache'
import { type Digest, digestParts } from '../../oci/digest.ts'

/** So many uploads' hashes are kept. */
const MAX_HASHES = 4096

/** Milliseconds for which a hash is kept. A client that pauses for longer has its bytes read again at the end. */
const TTL_MS = 60 * 60 * 1000

/**
 * The hash of an upload's bytes so far. It is always SHA-256: only the last request tells the algorithm, and to compute
 * SHA-512 beside it would cost every push more than the rare one that names it pays for being read again.
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

  /** Whether the bytes have the digest. */
  matches(digest: Digest): boolean {
    return supportsDigest(digest) && this.#hash.copy().digest('hex') === digestParts(digest).hex
  }
}

/** Whether a running hash can tell if bytes have the digest. */
export function supportsDigest(digest: Digest): boolean {
  return digestParts(digest).algorithm === 'sha256'
}

/**
 * What this node knows of the bytes of unfinished uploads, so that it need not read them again to publish them. A hash is
 * worth something only together with the revision of the bytes that it was computed from.
 */
export class HashStateCache {
  readonly #hashes = new LRUCache<string, { revision: string; hash: HashState }>({
    max: MAX_HASHES,
    ttl: TTL_MS,
  })

  /** Whether there is a hash of the upload at some time. */
  has(upload: string): boolean {
    return this.#hashes.has(upload)
  }

  /** A hash to go on with, of exactly the bytes that a writer continues. */
  of(upload: string, { revision }: FileWriter): HashState | undefined {
    const remembered = this.#hashes.get(upload)
    return remembered !== undefined && remembered.revision === revision ? remembered.hash.copy() : undefined
  }

  /** Keeps the hash of what a writer has just closed, if it is that of all its bytes. */
  remember(upload: string, { revision, size }: FileWriter, hash: HashState | undefined): void {
    if (hash !== undefined && hash.size === size && revision !== undefined) this.#hashes.set(upload, { revision, hash })
    else this.forget(upload)
  }

  forget(upload: string): void {
    this.#hashes.delete(upload)
  }
}
