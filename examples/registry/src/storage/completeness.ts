import { type StorageDriver, isStorageError } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { Manifest } from '../oci/manifest.ts'
import type { Reference } from '../oci/references.ts'
import { type RequiredPlatforms, isRequired } from '../oci/required-platforms.ts'
import type { Blob, BlobStore } from './blob-store.ts'
import { findMissing } from './concurrency.ts'
import { blobData } from './layout.ts'
import { hasDigest, removeRevision } from './verify-bytes.ts'

export interface CompletenessOptions {
  /** Entries of an index that have to be there. Default: all. */
  readonly requiredPlatforms?: RequiredPlatforms | undefined
  /** Called when damaged bytes were found and removed, with words for the operator. */
  readonly onDamage?: ((text: string) => void) | undefined
}

/** Missing blobs or manifests after which no more are looked for. */
const MAX_REPORTED_MISSING = 10

/** Blobs that one push may have read again, because their size is not what its manifest says. */
const MAX_VERIFIED = 10

/**
 * Check that a repository has what a manifest refers to, but for its subject. The storage is always asked, because a garbage
 * collection or another node may just have deleted it.
 *
 * A manifest also tells how large each blob is, which no other request does. So here it shows that stored bytes were cut off
 * or replaced: they are read, and when they do not have their digest they are removed. The client is told that the blob is
 * not there, and pushes it again.
 */
export class Completeness {
  readonly #storage: StorageDriver
  readonly #blobs: BlobStore
  readonly #options: CompletenessOptions

  constructor(storage: StorageDriver, blobs: BlobStore, options: CompletenessOptions = {}) {
    this.#storage = storage
    this.#blobs = blobs
    this.#options = options
  }

  /** `MANIFEST_BLOB_UNKNOWN` names the first things that are missing. */
  async assert(
    repository: string,
    { isIndex, references }: Manifest,
    hasManifest: (digest: Digest) => Promise<boolean>,
  ): Promise<void> {
    const { requiredPlatforms = 'all' } = this.#options
    const required = isIndex ? references.filter(each => isRequired(requiredPlatforms, each)) : references
    const budget = { left: MAX_VERIFIED }
    const missing = await findMissing(required, MAX_REPORTED_MISSING, async reference => {
      const { kind, digest } = reference
      if (kind !== 'manifest' && (await this.#hasBlob(repository, reference, budget))) return true
      return kind !== 'blob' && hasManifest(digest)
    })
    if (missing.length === 0) return
    const details = missing.map(({ digest }) => ({ digest }))
    throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', { details })
  }

  async #hasBlob(repository: string, { digest, size }: Reference, budget: { left: number }): Promise<boolean> {
    const blob = await this.#blobs.findNow(repository, digest)
    if (blob === undefined) return false
    if (blob.size === size || budget.left === 0) return true
    budget.left -= 1
    // The manifest may be wrong as well, which is its client's business: it is so in Distribution.
    if (await this.#isIntact(blob)) return true
    // So that nobody is told from a cache that it is there.
    return this.#blobs.has(repository, digest)
  }

  async #isIntact({ target }: Blob): Promise<boolean> {
    const path = blobData(target)
    try {
      const file = await this.#storage.stat(path, { fileOnly: true })
      if (await hasDigest(this.#storage, file, target)) return true
      await removeRevision(this.#storage, file)
      const text = `${path}: its ${file.size} bytes do not have their digest; removed, so that the next push stores it anew`
      this.#options.onDamage?.(text)
      return false
    } catch (error) {
      // Deleted or replaced meanwhile: it is looked up once more.
      if (isStorageError(error, 'PATH_NOT_FOUND', 'PRECONDITION_FAILED')) return false
      throw error
    }
  }
}
