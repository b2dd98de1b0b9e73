import type { Readable } from 'node:stream'
import type { FileInfo, SignedUrl, StorageDriver, UrlOptions } from '@longshore/middleware-core'
import { type Digest, hashFor, matches } from '../digest.ts'
import { RegistryError } from '../errors.ts'
import { blobData, layerLink } from '../layout.ts'
import { type Body, receive } from '../receive.ts'
import { orUndefined, readLink, remove, writeLink } from './links.ts'

/** A blob that a repository has. */
export interface Blob {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** Where its bytes are. */
  readonly path: string
}

/**
 * Blobs: one copy of the bytes for all repositories, and a link in each repository that has them. A repository has a blob
 * when its link can be read and the bytes are there.
 */
export class BlobStore {
  readonly #storage: StorageDriver

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  /** Looks a blob of a repository up: two requests to the storage, at the same time. `BLOB_UNKNOWN` when it has none. */
  async find(repository: string, digest: Digest): Promise<Blob> {
    const blob = await this.#lookUp(repository, digest)
    if (blob === undefined) throw unknownBlob(digest)
    return blob
  }

  async has(repository: string, digest: Digest): Promise<boolean> {
    return (await this.#lookUp(repository, digest)) !== undefined
  }

  /** Where a client can fetch the blob itself, or undefined. */
  urlFor(blob: Blob, client: UrlOptions['client']): Promise<SignedUrl | undefined> {
    return this.#storage.urlFor(blob.path, { size: blob.size, client })
  }

  /** `BLOB_UNKNOWN` when it was deleted since it was found. */
  async reader({ digest, path }: Blob, offset: number): Promise<Readable> {
    const reader = await orUndefined(this.#storage.reader(path, { offset }))
    if (reader === undefined) throw unknownBlob(digest)
    return reader
  }

  /**
   * Stores a body under the digest that it has to have. It goes straight to its final place, where it becomes readable
   * only after its digest was found right; bytes that are there already are only checked. Clients may send the same blob
   * at once: the storage keeps their writers apart.
   */
  async receive(digest: Digest, body: Body): Promise<number> {
    const path = blobData(digest)
    const hash = hashFor(digest)
    const writer = (await this.#exists(path)) ? undefined : await this.#storage.writer(path)
    try {
      const size = await receive(body, writer, hash)
      if (!matches(hash, digest)) throw wrongDigest(digest)
      await writer?.commit()
      return size
    } catch (error) {
      // What broke it matters more than a failure to clean up, which a sweep makes good.
      await writer?.cancel().catch(() => {})
      throw error
    }
  }

  /** Makes a committed file whose digest is known to be right the blob's bytes, unless they are there already. */
  async adopt(digest: Digest, source: string, checked: Pick<FileInfo, 'size' | 'revision'>): Promise<void> {
    const path = blobData(digest)
    if (!(await this.#exists(path))) await this.#storage.move(source, path, checked)
  }

  /** Gives a blob whose bytes are there to a repository. */
  async link(repository: string, digest: Digest): Promise<void> {
    await writeLink(this.#storage, layerLink(repository, digest), digest)
  }

  /** Takes a blob from a repository; its bytes stay for others. `BLOB_UNKNOWN` when the repository has none. */
  async unlink(repository: string, digest: Digest): Promise<void> {
    await this.find(repository, digest)
    await remove(this.#storage, layerLink(repository, digest))
  }

  async #lookUp(repository: string, digest: Digest): Promise<Blob | undefined> {
    const usual = blobData(digest)
    const [target, there] = await Promise.all([
      readLink(this.#storage, layerLink(repository, digest)),
      orUndefined(this.#storage.stat(usual)),
    ])
    if (target === undefined) return undefined
    // A link may lead from one algorithm's digest to another's, under which the bytes are kept.
    const path = blobData(target)
    const info = path === usual ? there : await orUndefined(this.#storage.stat(path))
    return info && !info.isDirectory ? { digest, size: info.size, path } : undefined
  }

  async #exists(path: string): Promise<boolean> {
    return (await orUndefined(this.#storage.stat(path))) !== undefined
  }
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
