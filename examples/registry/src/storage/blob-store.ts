import type { Readable } from 'node:stream'
import {
  type CallOptions,
  type FileInfo,
  type SignedUrl,
  type StorageDriver,
  type UrlOptions,
  undefinedIfNotFound,
} from '@longshore/middleware-core'
import { type Digest, asDigest, createDigestHash, isTruncatedToNothing, matches } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { isReusable } from './gc-safety.ts'
import { settleAll } from './concurrency.ts'
import { blobData, layerLink } from './layout.ts'
import { resolveLink, remove, writeLink } from './links.ts'
import { digestKey } from './cache/digest-key.ts'
import { type CacheProvider, type LookupCache, type Mark, ask } from './cache/lookup-cache.ts'
import { type Body, receive } from './receive.ts'
import { type Clock, REVALIDATE_AFTER_MS } from './gc-safety.ts'

/**
 * Time for which a GET is redirected to a blob without looking: ten minutes, well within the life of signed URLs, which lead
 * there just as long. A client learns there when the blob has gone meanwhile.
 */
const PULL_CACHE_TTL_MS = 10 * 60_000

/** Size in bytes up to which a blob is stored again, not asked after: one request either way, and one less for a new blob. */
const EXISTENCE_CHECK_MIN_BYTES = 1 << 16

/** Blob of a repository. */
export interface Blob {
  readonly repository: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** Digest under which the bytes are stored, which may be another algorithm's. */
  readonly target: Digest
  /** Revision of the bytes that have this size; undefined where it is not known. */
  readonly revision?: string | undefined
}

/** Range of a blob's bytes. Default: all. */
export interface BlobRange {
  readonly offset?: number
  /** Bytes. */
  readonly length?: number
}

/**
 * Blobs: one copy of the bytes for all repositories, and a link in each repository that has them. A repository has a blob
 * when its link can be read and the bytes are there. None at all are there only for the blob of no bytes.
 *
 * Pulls use a cache. Whether something has to be stored is always asked of the storage, because a garbage collection or
 * another node may just have deleted it.
 */
export class BlobStore {
  readonly #storage: StorageDriver
  readonly #cache: LookupCache<Blob>
  readonly #clock: Clock

  /**
   * @param caches source of the cache for pulls
   * @param clock default: the one that never goes back
   */
  constructor(storage: StorageDriver, caches: CacheProvider, clock: Clock = performance) {
    this.#storage = storage
    this.#clock = clock
    this.#cache = createBlobCache(caches)
  }

  /**
   * Finds a blob for a client that asks whether it is there: often before a push, when it is not. Costs one request then,
   * and two where there is one that is not cached. `BLOB_UNKNOWN` when there is none.
   */
  async find(repository: string, digest: Digest): Promise<Blob> {
    const name = digestKey(repository, digest)
    return known(digest, await this.#cache.get(name, () => this.#lookUp(repository, digest, { prefetch: false })))
  }

  /**
   * Finds a blob for a client that goes on to fetch it and concludes nothing else from the answer. Costs two requests at the
   * same time where it is not cached. `BLOB_UNKNOWN` when there is none.
   *
   * @param isRedirected true when the client is sent to the storage, where it learns when the blob has gone
   */
  async findToFetch(repository: string, digest: Digest, isRedirected: boolean): Promise<Blob> {
    const name = digestKey(repository, digest)
    const maxAgeMs = isRedirected ? PULL_CACHE_TTL_MS : undefined
    return known(digest, await this.#cache.get(name, () => this.#lookUp(repository, digest), maxAgeMs))
  }

  /** Asks the storage whether a repository has a blob now. */
  async has(repository: string, digest: Digest): Promise<boolean> {
    return (await this.findNow(repository, digest)) !== undefined
  }

  /** Asks the storage for a blob that a repository has now; undefined when it has none. */
  findNow(repository: string, digest: Digest): Promise<Blob | undefined> {
    return ask(this.#cache, digestKey(repository, digest), () => this.#lookUp(repository, digest))
  }

  /** Makes a URL from which a client can fetch the blob itself, or gives undefined. */
  urlFor({ target, size }: Blob, client: UrlOptions['client']): Promise<SignedUrl | undefined> {
    return this.#storage.urlFor(blobData(target), { size, client })
  }

  /**
   * Streams a blob's bytes, or a range of them, with one request. `BLOB_UNKNOWN` when it was deleted since it was found,
   * `PRECONDITION_FAILED` when its bytes were replaced, so that its size may be another: see {@link refresh}.
   */
  async reader({ target, repository, digest, revision }: Blob, range: BlobRange = {}): Promise<Readable> {
    const options = revision === undefined ? range : { ...range, ifRevision: revision }
    const reader = await undefinedIfNotFound(this.#storage.reader(blobData(target), options))
    if (reader !== undefined) return reader
    await this.#cache.forget(digestKey(repository, digest))
    throw unknownBlob(digest)
  }

  /** Finds a blob anew whose bytes were replaced. Whatever revision they have now is read. `BLOB_UNKNOWN` when it is gone. */
  async refresh({ repository, digest }: Blob): Promise<Blob> {
    await this.#cache.forget(digestKey(repository, digest))
    return { ...known(digest, await this.findNow(repository, digest)), revision: undefined }
  }

  /**
   * Stores a body under its digest, and links it into a repository. It goes straight to its final path and becomes readable
   * only after the digest was verified. Bytes that are there already are stored again, too: a client that sends others must
   * not learn that another repository has them, and old ones become young. Clients may send the same blob at once.
   */
  async receive(repository: string, digest: Digest, body: Body): Promise<void> {
    const hash = createDigestHash(digest)
    const writer = await this.#storage.writer(blobData(digest))
    let size
    let revision
    try {
      size = await receive(body, writer, hash)
      if (!matches(hash, digest)) throw wrongDigest(digest)
      revision = (await writer.commit()).revision
    } catch (error) {
      // The first error matters more than a failure to clean up, which a purge makes good.
      await writer.cancel().catch(() => {})
      throw error
    }
    const begin = this.#cache.mark()
    await writeLink(this.#storage, layerLink(repository, digest), digest)
    this.#remember({ repository, digest, size, target: digest, revision }, begin)
  }

  /**
   * Links a blob of verified digest into a repository, and has `put` store its bytes unless they are there already. The link
   * comes first: without bytes it counts for nothing, and a client that tries again after a failure finds its upload as it was.
   *
   * @returns false when the bytes were there
   */
  async publish(repository: string, digest: Digest, size: number, put: () => Promise<unknown>): Promise<boolean> {
    const begin = this.#cache.mark()
    const [isThere] = await settleAll([
      size > EXISTENCE_CHECK_MIN_BYTES && isReusable(this.#storage, blobData(digest), size),
      writeLink(this.#storage, layerLink(repository, digest), digest),
    ])
    if (!isThere) await put()
    this.#remember({ repository, digest, size, target: digest }, begin)
    return !isThere
  }

  /**
   * Links a blob of one repository into another. False when the first does not have it, or no longer has it after so long
   * that a garbage collection may delete the bytes all the same. A link may be left then: it is not removed, because another
   * client may have been told meanwhile that the blob is there, and an upload makes it good.
   */
  async mount(from: string, repository: string, digest: Digest): Promise<boolean> {
    const begin = this.#clock.now()
    const mark = this.#cache.mark()
    const blob = await this.findNow(from, digest)
    if (blob === undefined) return false
    await writeLink(this.#storage, layerLink(repository, digest), blob.target)
    if (this.#clock.now() - begin > REVALIDATE_AFTER_MS && !(await this.has(from, digest))) return false
    this.#remember({ ...blob, repository }, mark)
    return true
  }

  /** Removes a blob's link from a repository; the bytes stay for others. `BLOB_UNKNOWN` when there is none. */
  async unlink(repository: string, digest: Digest): Promise<void> {
    if (!(await this.has(repository, digest))) throw unknownBlob(digest)
    await this.#cache.delete(digestKey(repository, digest), () => remove(this.#storage, layerLink(repository, digest)))
  }

  #remember(blob: Blob, since: Mark): void {
    this.#cache.set(digestKey(blob.repository, blob.digest), blob, since)
  }

  async #lookUp(repository: string, digest: Digest, options?: { prefetch: boolean }): Promise<Blob | undefined> {
    const stat = (target: Digest, call: CallOptions): Promise<FileInfo | undefined> =>
      undefinedIfNotFound(this.#storage.stat(blobData(target), { ...call, fileOnly: true }))
    const link = layerLink(repository, digest)
    const { target, found } = (await resolveLink(this.#storage, link, digest, stat, options)) ?? {}
    if (!target || !found || isTruncatedToNothing(target, found.size)) return undefined
    return { repository, digest, size: found.size, target, revision: found.revision }
  }
}

function known(digest: Digest, blob: Blob | undefined): Blob {
  if (blob === undefined) throw unknownBlob(digest)
  return blob
}

/** Creates the cache of blobs, by {@link digestKey}. */
export function createBlobCache(caches: CacheProvider): LookupCache<Blob> {
  return caches.create('blobs', { encode, decode })
}

function encode({ size, target, revision }: Blob): string {
  return revision === undefined
    ? `${size} ${target}`
    : `${size} ${target} ${Buffer.from(revision).toString('base64url')}`
}

function decode(name: string, encoded: Buffer): Blob | undefined {
  const [repository = '', digest = ''] = name.split('@')
  const [, size, target = '', revision] = /^(\d+) (\S+)(?: (\S+))?$/.exec(encoded.toString('latin1')) ?? []
  const [own, other] = [asDigest(digest), asDigest(target)]
  if (!own || !other) return undefined
  const known = revision === undefined ? {} : { revision: Buffer.from(revision, 'base64url').toString() }
  return { repository, digest: own, size: Number(size), target: other, ...known }
}

function unknownBlob(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', 'blob unknown to repository', { details: [{ digest }] })
}

/** Error for bytes that do not have the digest that was announced. */
export function wrongDigest(digest: Digest): RegistryError {
  return new RegistryError('DIGEST_INVALID', 'provided digest did not match uploaded content', {
    details: [{ digest }],
  })
}
