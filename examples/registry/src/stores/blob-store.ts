import type { Readable } from 'node:stream'
import type { FileInfo, SignedUrl, StorageDriver, UrlOptions } from '@longshore/middleware-core'
import { type Digest, hashFor, matches } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { isAdoptable } from './adoption.ts'
import { allOf } from './all-of.ts'
import { blobData, layerLink } from './layout.ts'
import { orUndefined, readLink, remove, writeLink } from './links.ts'
import { LookupCache } from './lookup-cache.ts'
import { type Body, receive } from './receive.ts'

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

  /** @param cached how many blobs are remembered; 0 for none */
  constructor(storage: StorageDriver, cached: number) {
    this.#storage = storage
    this.#known = new LookupCache({ entries: cached })
  }

  /**
   * The blob of a repository, for a pull. One that is not known takes two requests to the storage, at the same time.
   * `BLOB_UNKNOWN` when the repository has none.
   */
  async find(repository: string, digest: Digest): Promise<Blob> {
    const blob = await this.#known.get(nameOf({ repository, digest }), () => this.#lookUp(repository, digest))
    if (blob === undefined) throw unknownBlob(digest)
    return blob
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
   * where it becomes readable only after its digest was found right; bytes that are there already are only checked.
   * Clients may send the same blob at once: the storage keeps their writers apart.
   */
  async receive(repository: string, digest: Digest, body: Body): Promise<void> {
    const path = blobData(digest)
    const hash = hashFor(digest)
    const writer = (await isAdoptable(this.#storage, path)) ? undefined : await this.#storage.writer(path)
    let size
    try {
      size = await receive(body, writer, hash)
      if (!matches(hash, digest)) throw wrongDigest(digest)
      await writer?.commit()
    } catch (error) {
      // What broke it matters more than a failure to clean up, which a sweep makes good.
      await writer?.cancel().catch(() => {})
      throw error
    }
    await this.#link({ repository, digest, size, target: digest })
  }

  /**
   * Gives a repository a blob whose digest is known to be right, and has its bytes put in place, unless they are there
   * already. The link comes first: without the bytes it counts for nothing, and a client that tries again after a failure
   * finds its upload as it was.
   *
   * @returns whether they were put there
   */
  async publish(repository: string, digest: Digest, size: number, put: () => Promise<void>): Promise<boolean> {
    const [isThere] = await allOf([
      isAdoptable(this.#storage, blobData(digest)),
      writeLink(this.#storage, layerLink(repository, digest), digest),
    ])
    if (!isThere) await put()
    this.#remember({ repository, digest, size, target: digest })
    return !isThere
  }

  /** Gives a blob of one repository to another. False when the first does not have it. */
  async mount(from: string, repository: string, digest: Digest): Promise<boolean> {
    const blob = await this.#ask(from, digest)
    if (blob === undefined) return false
    await this.#link({ ...blob, repository })
    return true
  }

  /** Takes a blob from a repository; its bytes stay for others. `BLOB_UNKNOWN` when the repository has none. */
  async unlink(repository: string, digest: Digest): Promise<void> {
    if (!(await this.has(repository, digest))) throw unknownBlob(digest)
    await remove(this.#storage, layerLink(repository, digest))
    this.#known.delete(nameOf({ repository, digest }))
  }

  async #link(blob: Blob): Promise<void> {
    await writeLink(this.#storage, layerLink(blob.repository, blob.digest), blob.target)
    this.#remember(blob)
  }

  #remember(blob: Blob): void {
    this.#known.set(nameOf(blob), blob)
  }

  #ask(repository: string, digest: Digest): Promise<Blob | undefined> {
    return this.#known.ask(nameOf({ repository, digest }), () => this.#lookUp(repository, digest))
  }

  async #lookUp(repository: string, digest: Digest): Promise<Blob | undefined> {
    const [target, usual] = await allOf([readLink(this.#storage, layerLink(repository, digest)), this.#file(digest)])
    if (target === undefined) return undefined
    // A link may lead from one algorithm's digest to another's, under which the bytes are kept.
    const file = target === digest ? usual : await this.#file(target)
    return file && { repository, digest, size: file.size, target }
  }

  #file(digest: Digest): Promise<FileInfo | undefined> {
    return orUndefined(this.#storage.stat(blobData(digest), { fileOnly: true }))
  }
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
