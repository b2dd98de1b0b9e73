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
 * Check of the blobs that stay: tells of bytes that were cut off or replaced. What a listing shows is told at no request:
 * another size than manifests tell. The rest shows only when all bytes are read, which is for collections that verify.
 */
export class DamageCheck {
  readonly #collection: Collection
  #unread: KeptBlob[] = []

  constructor(collection: Collection) {
    this.#collection = collection
  }

  async check(blob: KeptBlob): Promise<void> {
    const { sizes, manifests, verify } = this.#collection
    if (manifests.has(blob.digest)) return
    if (verify) {
      this.#unread.push(blob)
      if (this.#unread.length === BATCH_SIZE) await this.end()
      return
    }
    const { digest, size, path } = blob
    const told = sizes.get(digest) ?? size
    if (told === size && !isTruncatedToNothing(digest, size)) return
    const expected = told === size ? 'none that have its digest' : `not the ${told} that a manifest tells of`
    this.#warn(`${path}: its ${size} bytes are ${expected}; garbage-collect --verify removes what is damaged`)
  }

  /** Reads what is left to read. */
  async end(): Promise<void> {
    const blobs = this.#unread
    this.#unread = []
    await mapConcurrent(blobs, async blob => {
      if (!this.#collection.isStopped) await this.#verify(blob)
    })
  }

  /** Reads a blob, and removes it when it is damaged: its links stay, and count for nothing until it is pushed again. */
  async #verify({ path, digest }: KeptBlob): Promise<void> {
    const { storage, dryRun } = this.#collection
    try {
      const file = await storage.stat(path, { fileOnly: true })
      if (await hasDigest(storage, file, digest)) return
      if (!dryRun) await removeRevision(storage, file)
      this.#warn(
        `${path}: its ${file.size} bytes do not have its digest; ${dryRun ? 'would be removed' : 'removed'}: push it again`,
      )
    } catch (error) {
      // It has just been deleted or written anew.
      if (!isStorageError(error, 'PATH_NOT_FOUND', 'PRECONDITION_FAILED')) this.#collection.fail(path, error)
    }
  }

  #warn(text: string): void {
    this.#collection.tell({ type: 'warning', text })
  }
}
