import type { CallOptions, StorageDriver } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Manifest, longestManifest, readManifest, storedMediaType } from '../oci/manifest.ts'
import type { BlobStore } from './blob-store.ts'
import { firstWithout } from './in-batches.ts'
import { blobData, referrerLink, revisionLink } from './layout.ts'
import { type Followed, followLink, orUndefined, readLink, remove, writeLink } from './links.ts'
import { LookupCache } from './lookup-cache.ts'
import { receiveWhole } from './receive.ts'
import { type Clock, reliedOnFor } from './reliance.ts'

/** So many blobs or manifests that are not there are told; then no more are looked for. */
const toldMissing = 10

/** The most bytes of manifests that are remembered. */
const rememberedBytes = 32 * 1024 * 1024

/** A manifest with its bytes, exactly as they were pushed. */
export class StoredManifest {
  readonly digest: Digest
  readonly content: Uint8Array
  #mediaType: string | undefined

  /** @param mediaType where it is known. Otherwise it is found out, once, when it is asked for. */
  constructor(digest: Digest, content: Uint8Array, mediaType?: string) {
    this.digest = digest
    this.content = content
    this.#mediaType = mediaType
  }

  get mediaType(): string {
    this.#mediaType ??= storedMediaType(this.content)
    return this.#mediaType
  }
}

/**
 * Manifests: blobs of their own kind, each with a link in the repository that says it is one of its manifests. Pulls may get
 * them from a cache. What decides whether something is stored never comes from there: see `BlobStore`.
 */
export class ManifestStore {
  readonly #storage: StorageDriver
  readonly #blobs: BlobStore
  readonly #known: LookupCache<StoredManifest>
  readonly #clock: Clock

  /**
   * @param cached how many manifests are remembered, as far as their bytes allow; 0 for none
   * @param clock default: the one that never goes back
   */
  constructor(storage: StorageDriver, blobs: BlobStore, cached: number, clock: Clock = performance) {
    this.#storage = storage
    this.#blobs = blobs
    this.#clock = clock
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
  async find(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
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
   * To store its few bytes costs no more than to ask whether they are there, and makes them young: see `isAdoptable`.
   *
   * Where that took so long that a collection of garbage may have missed it, it is stored only if all is there still.
   */
  async put(repository: string, digest: Digest, content: Uint8Array, manifest: Manifest): Promise<void> {
    const begin = this.#clock.now()
    await this.#assertComplete(repository, manifest)
    await this.#storage.putContent(blobData(digest), content)
    const { subject } = manifest
    if (subject) await writeLink(this.#storage, referrerLink(repository, subject, digest), digest)
    await writeLink(this.#storage, revisionLink(repository, digest), digest)
    if (this.#clock.now() - begin > reliedOnFor) {
      try {
        await this.#assertComplete(repository, manifest)
      } catch (error) {
        await this.#unlink(repository, digest, subject)
        throw error
      }
    }
    this.#known.set(nameOf(repository, digest), new StoredManifest(digest, content, manifest.mediaType))
  }

  /** Takes a manifest from a repository; its bytes stay for others. */
  async delete(repository: string, digest: Digest): Promise<void> {
    const linked = await this.#follow(repository, digest)
    const { subject } = (linked?.found && readManifest(linked.found)) ?? {}
    if (!(linked && (await this.#unlink(repository, digest, subject)))) throw unknownManifest(repository, digest)
  }

  /** False when the repository has no such manifest. */
  async #unlink(repository: string, digest: Digest, subject: Digest | undefined): Promise<boolean> {
    const isRemoved = await remove(this.#storage, revisionLink(repository, digest))
    this.#known.delete(nameOf(repository, digest))
    if (isRemoved && subject) await remove(this.#storage, referrerLink(repository, subject, digest))
    return isRemoved
  }

  async #lookUp(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const content = (await this.#follow(repository, digest))?.found
    return content && new StoredManifest(digest, content)
  }

  /** Throws unless the storage says now that the repository has all that a manifest refers to, but for its subject. */
  async #assertComplete(repository: string, { blobs, manifests }: Manifest): Promise<void> {
    const missing = [
      ...(await firstWithout(blobs, toldMissing, digest => this.#blobs.has(repository, digest))),
      ...(await firstWithout(manifests, toldMissing, digest => this.has(repository, digest))),
    ]
    if (missing.length === 0) return
    const details = missing.map(digest => ({ digest }))
    throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', { details })
  }

  #follow(repository: string, digest: Digest): Promise<Followed<Uint8Array> | undefined> {
    const read = (target: Digest, options: CallOptions): Promise<Uint8Array | undefined> => this.#read(target, options)
    return followLink(this.#storage, revisionLink(repository, digest), digest, read)
  }

  /** The bytes under a digest. A bucket can hold anything there, so no more than a manifest's length is read. */
  async #read(digest: Digest, options: CallOptions): Promise<Uint8Array | undefined> {
    const reader = await orUndefined(this.#storage.reader(blobData(digest), options))
    return reader && orUndefined(receiveWhole(reader, longestManifest))
  }
}

function nameOf(repository: string, digest: Digest): string {
  return `${repository}@${digest}`
}

export function unknownManifest(repository: string, reference: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', { details: [{ name: repository, reference }] })
}
