import type { Readable } from 'node:stream'
import type { CallOptions, FileInfo, SignedUrl, StorageDriver, UrlOptions } from '@longshore/middleware-core'
import { type Digest, hashFor, matches } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { isAdoptable } from './adoption.ts'
import { allOf } from './all-of.ts'
import { blobData, layerLink } from './layout.ts'
import { type LinkLikelihood, followLink, orUndefined, remove, writeLink } from './links.ts'
import { LookupCache } from './lookup-cache.ts'
import { type Body, receive } from './receive.ts'
import { type Clock, reliedOnFor } from './reliance.ts'

/**
 * Milliseconds for which a client that fetches a blob is sent to where it was found: well within the life of signed URLs,
 * which lead there just as long. When it has gone meanwhile, it is told so there.
 */
const fetchedFor = 10 * 60_000

/** Bytes up to which a blob is stored once more rather than asked after: one request either way, and one less for a new one. */
const askedAfterFrom = 1 << 16

/** A blob that a repository has. */
export interface Blob {
  readonly repository: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** The digest under which its bytes are kept, which may be another algorithm's. */
  readonly target: Digest
}

/**
 * Blobs: one copy of the bytes for all repositories, and a link in each repository that has them. A repository has a blob
 * when its link can be read and the bytes are there.
 *
 * What pulls need to know of a blob is cached. What decides whether something is stored never comes from the cache, because
 * a collection of garbage or another node may just have deleted it.
 */
export class BlobStore {
  readonly #storage: StorageDriver
  readonly #known: LookupCache<Blob>
  readonly #clock: Clock

  /**
   * @param cached how many blobs are remembered; 0 for none
   * @param clock default: the one that never goes back
   */
  constructor(storage: StorageDriver, cached: number, clock: Clock = performance) {
    this.#storage = storage
    this.#clock = clock
    this.#known = new LookupCache({ entries: cached, clock })
  }

  /**
   * The blob of a repository, for a client that asks whether there is one: often before a push, when there is none. That
   * takes one request to the storage then, and two where there is one that is not known. `BLOB_UNKNOWN` when there is none.
   */
  async find(repository: string, digest: Digest): Promise<Blob> {
    const name = nameOf({ repository, digest })
    return known(digest, await this.#known.get(name, () => this.#lookUp(repository, digest, 'unlikely')))
  }

  /**
   * The blob of a repository, for a client that goes on to fetch it and concludes nothing else from the answer. One that is
   * not known takes two requests to the storage, at the same time. `BLOB_UNKNOWN` when there is none.
   *
   * @param isElsewhere whether the client is sent to where it is, and is told there when it has gone
   */
  async findToFetch(repository: string, digest: Digest, isElsewhere: boolean): Promise<Blob> {
    const name = nameOf({ repository, digest })
    const believedFor = isElsewhere ? fetchedFor : undefined
    return known(digest, await this.#known.get(name, () => this.#lookUp(repository, digest), believedFor))
  }

  /** Whether the storage says now that a repository has a blob. */
  async has(repository: string, digest: Digest): Promise<boolean> {
    return (await this.#ask(repository, digest)) !== undefined
  }

  /** Where a client can fetch the blob itself, or undefined. */
  urlFor({ target, size }: Blob, client: UrlOptions['client']): Promise<SignedUrl | undefined> {
    return this.#storage.urlFor(blobData(target), { size, client })
  }

  /** `BLOB_UNKNOWN` when it was deleted since it was found. */
  async reader(blob: Blob, offset: number): Promise<Readable> {
    const reader = await orUndefined(this.#storage.reader(blobData(blob.target), { offset }))
    if (reader !== undefined) return reader
    this.#known.delete(nameOf(blob))
    throw unknownBlob(blob.digest)
  }

  /**
   * Stores a body under the digest that it has to have, and gives it to a repository. It goes straight to its final place,
   * where it becomes readable only after its digest was found right. That is done with bytes that are there already, too: a
   * client that sends others must not learn that another repository has them, and these are young afterwards.
   * Clients may send the same blob at once: the storage keeps their writers apart.
   */
  async receive(repository: string, digest: Digest, body: Body): Promise<void> {
    const hash = hashFor(digest)
    const writer = await this.#storage.writer(blobData(digest))
    let size
    try {
      size = await receive(body, writer, hash)
      if (!matches(hash, digest)) throw wrongDigest(digest)
      await writer.commit()
    } catch (error) {
      // What broke it matters more than a failure to clean up, which a sweep makes good.
      await writer.cancel().catch(() => {})
      throw error
    }
    await writeLink(this.#storage, layerLink(repository, digest), digest)
    this.#remember({ repository, digest, size, target: digest })
  }

  /**
   * Gives a repository a blob whose digest is known to be right, and has its bytes put in place, unless they are there
   * already. The link comes first: without the bytes it counts for nothing, and a client that tries again after a failure
   * finds its upload as it was.
   *
   * @returns whether they were put there
   */
  async publish(repository: string, digest: Digest, size: number, put: () => Promise<unknown>): Promise<boolean> {
    const [isThere] = await allOf([
      size > askedAfterFrom && isAdoptable(this.#storage, blobData(digest)),
      writeLink(this.#storage, layerLink(repository, digest), digest),
    ])
    if (!isThere) await put()
    this.#remember({ repository, digest, size, target: digest })
    return !isThere
  }

  /**
   * Gives a blob of one repository to another. False when the first does not have it, or no longer has it after so long that
   * a collection of garbage may delete the bytes all the same. Then a link may be left. It is not this request's to remove,
   * as another may have been told meanwhile that the blob is there; an upload makes it good.
   */
  async mount(from: string, repository: string, digest: Digest): Promise<boolean> {
    const begin = this.#clock.now()
    const blob = await this.#ask(from, digest)
    if (blob === undefined) return false
    await writeLink(this.#storage, layerLink(repository, digest), blob.target)
    if (this.#clock.now() - begin > reliedOnFor && !(await this.has(from, digest))) return false
    this.#remember({ ...blob, repository })
    return true
  }

  /** Takes a blob from a repository; its bytes stay for others. `BLOB_UNKNOWN` when the repository has none. */
  async unlink(repository: string, digest: Digest): Promise<void> {
    if (!(await this.has(repository, digest))) throw unknownBlob(digest)
    await remove(this.#storage, layerLink(repository, digest))
    this.#known.delete(nameOf({ repository, digest }))
  }

  #remember(blob: Blob): void {
    this.#known.set(nameOf(blob), blob)
  }

  #ask(repository: string, digest: Digest): Promise<Blob | undefined> {
    return this.#known.ask(nameOf({ repository, digest }), () => this.#lookUp(repository, digest))
  }

  async #lookUp(repository: string, digest: Digest, likelihood?: LinkLikelihood): Promise<Blob | undefined> {
    const file = (target: Digest, options: CallOptions): Promise<FileInfo | undefined> =>
      orUndefined(this.#storage.stat(blobData(target), { ...options, fileOnly: true }))
    const link = layerLink(repository, digest)
    const { target, found } = (await followLink(this.#storage, link, digest, file, likelihood)) ?? {}
    return target && found && { repository, digest, size: found.size, target }
  }
}

function known(digest: Digest, blob: Blob | undefined): Blob {
  if (blob === undefined) throw unknownBlob(digest)
  return blob
}

function nameOf({ repository, digest }: Pick<Blob, 'repository' | 'digest'>): string {
  return `${repository}@${digest}`
}

function unknownBlob(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', 'blob unknown to repository', { details: [{ digest }] })
}

/** The bytes that came are not the ones that were announced. */
export function wrongDigest(digest: Digest): RegistryError {
  return new RegistryError('DIGEST_INVALID', 'provided digest did not match uploaded content', {
    details: [{ digest }],
  })
}
