import type { StorageDriver } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Manifest, longestManifest, readManifest, storedMediaType } from '../oci/manifest.ts'
import { isAdoptable } from './adoption.ts'
import { allOf } from './all-of.ts'
import type { BlobStore } from './blob-store.ts'
import { firstWithout } from './in-batches.ts'
import { blobData, referrerLink, revisionLink } from './layout.ts'
import { orUndefined, readLink, remove, writeLink } from './links.ts'
import { LookupCache } from './lookup-cache.ts'
import { receiveWhole } from './receive.ts'

/** So many blobs or manifests that are not there are told; then no more are looked for. */
const toldMissing = 10

/** The most bytes of manifests that are remembered. */
const rememberedBytes = 32 * 1024 * 1024

/** A manifest with its bytes, exactly as they were pushed. */
export interface StoredManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly content: Uint8Array
}

/**
 * Manifests: blobs of their own kind, each with a link in the repository that says it is one of its manifests. Pulls may get
 * them from a cache. What decides whether something is stored never comes from there: see `BlobStore`.
 */
export class ManifestStore {
  readonly #storage: StorageDriver
  readonly #blobs: BlobStore
  readonly #known: LookupCache<StoredManifest>

  /** @param cached how many manifests are remembered, as far as their bytes allow; 0 for none */
  constructor(storage: StorageDriver, blobs: BlobStore, cached: number) {
    this.#storage = storage
    this.#blobs = blobs
    const of = ({ content }: StoredManifest): number => content.length
    this.#known = new LookupCache({ entries: cached, room: { bytes: rememberedBytes, of } })
  }

  /** Throws `MANIFEST_UNKNOWN` when the repository has none with that digest. */
  async get(repository: string, digest: Digest): Promise<StoredManifest> {
    const manifest = await this.find(repository, digest)
    if (manifest === undefined) throw unknownManifest(repository, digest)
    return manifest
  }

  /** The same, but undefined when the repository has none. */
  find(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    return this.#known.get(nameOf(repository, digest), () => this.#lookUp(repository, digest))
  }

  /** Whether the storage says now that it is one of the repository's. */
  async has(repository: string, digest: Digest): Promise<boolean> {
    const link = (): Promise<Digest | undefined> => readLink(this.#storage, revisionLink(repository, digest))
    return (await this.#known.ask(nameOf(repository, digest), link)) !== undefined
  }

  /**
   * Stores a manifest once everything that it refers to is there, and otherwise throws a `MANIFEST_BLOB_UNKNOWN` that names
   * the first things that are not. Its subject may come later; that it has one is known before the manifest is there.
   */
  async put(repository: string, digest: Digest, content: Uint8Array, manifest: Manifest): Promise<void> {
    const path = blobData(digest)
    const [missing, there] = await allOf([this.#missing(repository, manifest), isAdoptable(this.#storage, path)])
    if (missing.length > 0) {
      const details = missing.map(digest => ({ digest }))
      throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', { details })
    }
    if (!there) await this.#storage.putContent(path, content)
    const { subject } = manifest
    if (subject) await writeLink(this.#storage, referrerLink(repository, subject, digest), digest)
    await writeLink(this.#storage, revisionLink(repository, digest), digest)
    this.#known.set(nameOf(repository, digest), { digest, mediaType: storedMediaType(content), content })
  }

  /** Takes a manifest from a repository; its bytes stay for others. */
  async delete(repository: string, digest: Digest): Promise<void> {
    const content = await this.#read(digest)
    const isRemoved = await remove(this.#storage, revisionLink(repository, digest))
    this.#known.delete(nameOf(repository, digest))
    if (!isRemoved) throw unknownManifest(repository, digest)
    const { subject } = (content && readManifest(content)) ?? {}
    if (subject) await remove(this.#storage, referrerLink(repository, subject, digest))
  }

  async #lookUp(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const [target, usual] = await allOf([readLink(this.#storage, revisionLink(repository, digest)), this.#read(digest)])
    const content = target === digest ? usual : target && (await this.#read(target))
    return content && { digest, mediaType: storedMediaType(content), content }
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

function nameOf(repository: string, digest: Digest): string {
  return `${repository}@${digest}`
}

export function unknownManifest(repository: string, reference: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', { details: [{ name: repository, reference }] })
}
