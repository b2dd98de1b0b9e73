import { isStorageError } from '@longshore/middleware-core'
import { type Digest, isTruncatedToNothing } from '../oci/digest.ts'
import { mapConcurrent } from '../storage/concurrency.ts'
import { hasDigest, removeRevision } from '../storage/verify-bytes.ts'
import type { Collection } from './collection.ts'

/** Blob that stays, as the listing showed it. */
interface KeptBlob {
  readonly path: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
}

/** Blobs that are read at a time. */
const BATCH_SIZE = 100

/**
 * Check of the blobs that stay: tells of bytes that were cut off or replaced. A listing and the manifests show which have
 * another size than they should; these are read, because a manifest may be wrong as well. A collection that verifies reads
 * all, and removes what is damaged.
 */
export class DamageCheck {
  readonly #collection: Collection
  #unread: KeptBlob[] = []

  constructor(collection: Collection) {
    this.#collection = collection
  }

  async check(blob: KeptBlob): Promise<void> {
    const { sizes, manifests, verify } = this.#collection
    const { digest, size } = blob
    if (manifests.has(digest)) return
    const isSuspect = (sizes.get(digest) ?? size) !== size || isTruncatedToNothing(digest, size)
    if (verify || isSuspect) this.#unread.push(blob)
    if (this.#unread.length === BATCH_SIZE) await this.end()
  }

  /** Reads what is left to read. */
  async end(): Promise<void> {
    const blobs = this.#unread
    this.#unread = []
    await mapConcurrent(blobs, async blob => {
      if (!this.#collection.isStopped) await this.#verify(blob)
    })
  }

  /** Reads a blob. Where a damaged one is removed its links stay, and count for nothing until it is pushed again. */
  async #verify({ path, digest }: KeptBlob): Promise<void> {
    const { storage, dryRun, verify } = this.#collection
    try {
      const file = await storage.stat(path, { fileOnly: true })
      if (await hasDigest(storage, file, digest)) return
      if (verify && !dryRun) await removeRevision(storage, file)
      const outcome = !verify ? 'garbage-collect --verify removes it' : dryRun ? 'would be removed' : 'removed'
      const text = `${path}: its ${file.size} bytes do not have its digest; ${outcome}, so that it can be pushed again`
      this.#collection.tell({ type: 'warning', text })
    } catch (error) {
      // It has just been deleted or written anew.
      if (!isStorageError(error, 'PATH_NOT_FOUND', 'PRECONDITION_FAILED')) this.#collection.fail(path, error)
    }
  }
}
