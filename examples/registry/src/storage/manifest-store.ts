import { type CallOptions, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Digest, asDigest, digestOf, digestParts } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Manifest, MAX_MANIFEST_BYTES, readManifest, storedMediaType } from '../oci/manifest.ts'
import type { Completeness } from './completeness.ts'
import { blobData, referrerLink, revisionLink } from './layout.ts'
import { type ResolvedLink, resolveLink, remove, writeLink } from './links.ts'
import { digestKey } from './cache/digest-key.ts'
import { type CacheProvider, type LookupCache, ask } from './cache/lookup-cache.ts'
import { receiveWhole } from './receive.ts'
import { type Clock, REVALIDATE_AFTER_MS } from './gc-safety.ts'

/** Bytes of cached manifests, all together. */
const MAX_CACHED_BYTES = 32 * 1024 * 1024

/** Manifest with its bytes, exactly as they were pushed. */
export class StoredManifest {
  readonly digest: Digest
  readonly content: Uint8Array
  #mediaType: string | undefined

  /** @param mediaType default: read from the content, once, when it is asked for */
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
 * Manifests: blobs, each with a link in the repository that says it is one of its manifests. Pulls use a cache. Whether
 * something has to be stored is always asked of the storage, as in `BlobStore`.
 */
export class ManifestStore {
  readonly #storage: StorageDriver
  readonly #completeness: Completeness
  readonly #cache: LookupCache<StoredManifest>
  readonly #clock: Clock

  /**
   * @param caches source of the cache for pulls
   * @param clock default: the one that never goes back
   */
  constructor(storage: StorageDriver, completeness: Completeness, caches: CacheProvider, clock: Clock = performance) {
    this.#storage = storage
    this.#completeness = completeness
    this.#clock = clock
    this.#cache = createManifestCache(caches)
  }

  /** Reads a manifest. `MANIFEST_UNKNOWN` when the repository has none with that digest. */
  async get(repository: string, digest: Digest): Promise<StoredManifest> {
    const manifest = await this.find(repository, digest)
    if (manifest === undefined) throw unknownManifest(repository, digest)
    return manifest
  }

  /** Reads a manifest; undefined when the repository has none with that digest. */
  async find(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    return this.#cache.get(digestKey(repository, digest), () => this.#lookUp(repository, digest))
  }

  /** Asks the storage whether a repository has a manifest now. */
  async has(repository: string, digest: Digest): Promise<boolean> {
    const lookUp = (): Promise<StoredManifest | undefined> => this.#lookUp(repository, digest)
    return (await ask(this.#cache, digestKey(repository, digest), lookUp)) !== undefined
  }

  /**
   * Stores a manifest. `MANIFEST_BLOB_UNKNOWN` names the first things that it refers to and that are not there. Its subject
   * may come later; the link that tells of it is written before the manifest's. The bytes are always stored: that costs no
   * more than to ask whether they are there, and makes them young (`isReusable`).
   *
   * Where that took so long that a garbage collection may have missed it, the manifest stays only if all is there still.
   */
  async put(repository: string, digest: Digest, content: Uint8Array, manifest: Manifest): Promise<void> {
    const begin = this.#clock.now()
    const mark = this.#cache.mark()
    await this.#assertComplete(repository, manifest)
    await this.#storage.putContent(blobData(digest), content)
    const { subject } = manifest
    if (subject) await writeLink(this.#storage, referrerLink(repository, subject, digest), digest)
    await writeLink(this.#storage, revisionLink(repository, digest), digest)
    if (this.#clock.now() - begin > REVALIDATE_AFTER_MS) {
      try {
        await this.#assertComplete(repository, manifest)
      } catch (error) {
        await this.#unlink(repository, digest, subject)
        throw error
      }
    }
    this.#cache.set(digestKey(repository, digest), new StoredManifest(digest, content, manifest.mediaType), mark)
  }

  /** Removes a manifest from a repository; its bytes stay for others. `MANIFEST_UNKNOWN` when there is none. */
  async delete(repository: string, digest: Digest): Promise<void> {
    const name = digestKey(repository, digest)
    const linked = await ask(this.#cache, name, () => this.#follow(repository, digest))
    const { subject } = (linked?.found && readManifest(linked.found)) ?? {}
    if (!(linked && (await this.#unlink(repository, digest, subject)))) throw unknownManifest(repository, digest)
  }

  /** Removes a manifest's links; false when the repository has no such manifest. */
  async #unlink(repository: string, digest: Digest, subject: Digest | undefined): Promise<boolean> {
    const link = revisionLink(repository, digest)
    const isRemoved = await this.#cache.delete(digestKey(repository, digest), () => remove(this.#storage, link))
    if (isRemoved && subject) await remove(this.#storage, referrerLink(repository, subject, digest))
    return isRemoved
  }

  async #lookUp(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const { target, found } = (await this.#follow(repository, digest)) ?? {}
    // Bytes that were cut off or replaced are no manifest: a push stores them anew.
    if (!target || !found || digestOf(found, digestParts(target).algorithm) !== target) return undefined
    return new StoredManifest(digest, found)
  }

  #assertComplete(repository: string, manifest: Manifest): Promise<void> {
    return this.#completeness.assert(repository, manifest, digest => this.has(repository, digest))
  }

  #follow(repository: string, digest: Digest): Promise<ResolvedLink<Uint8Array> | undefined> {
    const read = (target: Digest, options: CallOptions): Promise<Uint8Array | undefined> => this.#read(target, options)
    return resolveLink(this.#storage, revisionLink(repository, digest), digest, read)
  }

  /** Reads the bytes under a digest. A bucket can hold anything there, so at most a manifest's length is read. */
  async #read(digest: Digest, options: CallOptions): Promise<Uint8Array | undefined> {
    const reader = await undefinedIfNotFound(this.#storage.reader(blobData(digest), options))
    return reader && undefinedIfNotFound(receiveWhole(reader, MAX_MANIFEST_BYTES))
  }
}

/** Creates the cache of manifests, by {@link digestKey}. */
export function createManifestCache(caches: CacheProvider): LookupCache<StoredManifest> {
  const of = ({ content }: StoredManifest): number => content.length
  return caches.create('manifests', { encode, decode, maxBytes: { total: MAX_CACHED_BYTES, of } })
}

function encode({ content }: StoredManifest): Buffer {
  return Buffer.from(content.buffer, content.byteOffset, content.length)
}

/** Bytes that came from elsewhere count only when they have the digest. */
function decode(name: string, encoded: Buffer): StoredManifest | undefined {
  const digest = asDigest(name.slice(name.indexOf('@') + 1))
  const isRight = digest !== undefined && digestOf(encoded, digestParts(digest).algorithm) === digest
  return isRight ? new StoredManifest(digest, encoded) : undefined
}

export function unknownManifest(repository: string, reference: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', { details: [{ name: repository, reference }] })
}
