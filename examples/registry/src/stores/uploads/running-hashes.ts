import { type Hash, createHash } from 'node:crypto'
import type { FileWriter, KnownUpload } from '@longshore/middleware-core'
import { LRUCache } from 'lru-cache'
import { type Digest, digestParts } from '../../oci/digest.ts'
import { KeptBytes } from './kept-bytes.ts'

/** So many uploads' hashes are kept. */
const mostHashes = 4096

/** Bytes that a hash takes, roughly. */
const hashSize = 1024

/** Bytes that all hashes take at most, together with the small uploads that are kept beside them: 16 MiB. */
const mostBytes = 1 << 24

/** Milliseconds for which a hash is kept. A client that pauses for longer has its bytes read again at the end. */
const keptFor = 60 * 60 * 1000

/**
 * The hash of an upload's bytes so far. It is always SHA-256: only the last request tells the algorithm, and to compute
 * SHA-512 beside it would cost every push more than the rare one that names it pays for being read again.
 */
export class RunningHash {
  readonly #hash: Hash
  #size: number
  /** So that the last request of a small upload need not read it again. */
  readonly #kept: KeptBytes

  constructor(hash: Hash = createHash('sha256'), size = 0, kept: KeptBytes = new KeptBytes()) {
    this.#hash = hash
    this.#size = size
    this.#kept = kept
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  /** Bytes of memory. */
  get footprint(): number {
    return hashSize + this.#kept.footprint
  }

  /** All bytes so far, or undefined where they are too many to be kept. */
  get content(): Buffer | undefined {
    return this.#kept.all
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#size += bytes.length
    this.#kept.add(bytes)
  }

  copy(): RunningHash {
    return new RunningHash(this.#hash.copy(), this.#size, this.#kept.copy())
  }

  /** Whether the bytes have the digest. */
  matches(digest: Digest): boolean {
    return canTell(digest) && this.#hash.copy().digest('hex') === digestParts(digest).hex
  }
}

/** Whether a running hash can tell if bytes have the digest. */
export function canTell(digest: Digest): boolean {
  return digestParts(digest).algorithm === 'sha256'
}

/**
 * What this node knows of the bytes of unfinished uploads, so that it need not read them again to publish them. A hash is
 * worth something only together with the revision of the bytes that it was computed from.
 */
export class RunningHashes {
  readonly #hashes = new LRUCache<string, { revision: string; hash: RunningHash }>({
    max: mostHashes,
    ttl: keptFor,
    maxSize: mostBytes,
    sizeCalculation: ({ hash }) => hash.footprint,
  })

  /** Whether there is a hash of the upload at some time. */
  has(upload: string): boolean {
    return this.#hashes.has(upload)
  }

  /** A hash to go on with, of exactly the bytes that a writer continues. */
  of(upload: string, { revision }: FileWriter): RunningHash | undefined {
    const remembered = this.#hashes.get(upload)
    return remembered !== undefined && remembered.revision === revision ? remembered.hash.copy() : undefined
  }

  /**
   * All of a small upload whose bytes have the digest. Whatever the storage has of it by now, these are the blob's bytes, so
   * it need not be asked.
   */
  knownBytes(upload: string, digest: Digest): KnownUpload | undefined {
    const { revision, hash } = this.#hashes.get(upload) ?? {}
    const content = hash?.content
    return revision !== undefined && content && hash?.matches(digest) ? { revision, content } : undefined
  }

  /** Keeps the hash of what a writer has just closed, if it is that of all its bytes. */
  remember(upload: string, { revision, size }: FileWriter, hash: RunningHash | undefined): void {
    if (hash !== undefined && hash.size === size && revision !== undefined) this.#hashes.set(upload, { revision, hash })
    else this.forget(upload)
  }

  forget(upload: string): void {
    this.#hashes.delete(upload)
  }
}
