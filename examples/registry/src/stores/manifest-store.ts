import type { StorageDriver } from '@longshore/middleware-core'
import { type Digest, digestOf } from '../digest.ts'
import { RegistryError } from '../errors.ts'
import { blobData, revisionLink } from '../layout.ts'
import { type Manifest, parseManifest, storedMediaType } from '../manifest.ts'
import { receiveWhole } from '../receive.ts'
import type { BlobStore } from './blob-store.ts'
import { firstWithout } from './in-batches.ts'
import { orUndefined, readLink, remove, writeLink } from './links.ts'

/** The longest manifest in bytes, as in Distribution. The OCI specification asks for at least that. */
export const longestManifest = 4 * 1024 * 1024

/** So many blobs or manifests that are not there are told; then no more are looked for. */
const toldMissing = 10

/** A manifest with its bytes, exactly as they were pushed. */
export interface StoredManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly content: Uint8Array
}

/** Manifests: blobs of their own kind, each with a link in the repository that says it is one of its manifests. */
export class ManifestStore {
  readonly #storage: StorageDriver
  readonly #blobs: BlobStore

  constructor(storage: StorageDriver, blobs: BlobStore) {
    this.#storage = storage
    this.#blobs = blobs
  }

  /** Throws `MANIFEST_UNKNOWN` when the repository has none with that digest. */
  async get(repository: string, digest: Digest): Promise<StoredManifest> {
    const [target, usual] = await Promise.all([
      readLink(this.#storage, revisionLink(repository, digest)),
      this.#read(digest),
    ])
    const content = target === digest ? usual : target && (await this.#read(target))
    if (content === undefined) throw unknownManifest(repository, digest)
    return { digest, mediaType: storedMediaType(content), content }
  }

  async has(repository: string, digest: Digest): Promise<boolean> {
    return (await readLink(this.#storage, revisionLink(repository, digest))) !== undefined
  }

  /**
   * Stores a manifest once everything that it refers to is there, and otherwise throws a `MANIFEST_BLOB_UNKNOWN` that names
   * the first things that are not.
   */
  async put(repository: string, content: Uint8Array, digest: Digest = digestOf(content)): Promise<Digest> {
    const manifest = parseManifest(content)
    const path = blobData(digest)
    const [missing, there] = await Promise.all([
      this.#missing(repository, manifest),
      orUndefined(this.#storage.stat(path)),
    ])
    if (missing.length > 0) {
      const details = missing.map(digest => ({ digest }))
      throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', { details })
    }
    if (!there) await this.#storage.putContent(path, content)
    await writeLink(this.#storage, revisionLink(repository, digest), digest)
    return digest
  }

  /** Takes a manifest from a repository; its bytes stay for others. */
  async delete(repository: string, digest: Digest): Promise<void> {
    if (!(await remove(this.#storage, revisionLink(repository, digest)))) throw unknownManifest(repository, digest)
  }

  async #missing(repository: string, { blobs, manifests }: Manifest): Promise<Digest[]> {
    return [
      ...(await firstWithout(blobs, toldMissing, digest => this.#blobs.has(repository, digest))),
      ...(await firstWithout(manifests, toldMissing, digest => this.has(repository, digest))),
    ]
  }

  /** The bytes under a digest. A bucket can hold anything there, so no more than a manifest's length is read. */
  async #read(digest: Digest): Promise<Uint8Array | undefined> {
    const reader = await orUndefined(this.#storage.reader(blobData(digest)))
    return reader && orUndefined(receiveWhole(reader, longestManifest))
  }
}

export function unknownManifest(repository: string, reference: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', { details: [{ name: repository, reference }] })
}
