import { DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { type CallOptions, StorageError, isStorageError, pathNotFound } from '@longshore/middleware-core'
import { type Bucket, headObject } from '../bucket.ts'
import { omitChecksum } from '../client/omit-checksum.ts'
import { deleteObject } from './delete-object.ts'
import { isNotImplemented } from '../errors.ts'
import { pages } from '../listing/pages.ts'
import { forEachConcurrent } from '../pending-requests.ts'

/** S3 takes no more in one DeleteObjects. */
const MAX_BATCH_KEYS = 1000
/** Requests at a time where a server deletes only one by one. */
const MAX_CONCURRENT_DELETES = 16

/** Deletes objects; remembers when a server turns out to have no batch deletion, or none for this user. */
export class Deleter {
  readonly #bucket: Bucket
  #hasBatches = true

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /**
   * Deletes the file at `path` and everything below it: exactly that key, and the keys that begin with it and a slash.
   * Costs a HEAD and a LIST at once, then a request for every 1,000 objects.
   */
  async deleteTree(path: string, options: CallOptions): Promise<void> {
    const [isFile, below] = await Promise.all([this.#isFile(path, options), this.#keysBelow(path, options)])
    const keys = isFile ? [this.#bucket.keys.key(path), ...below] : below
    if (keys.length === 0) throw pathNotFound(path)
    await this.deleteKeys(keys, path, options)
  }

  /** Deletes objects by their keys. Keys that do not exist are fine. */
  async deleteKeys(keys: readonly string[], path: string, options: CallOptions): Promise<void> {
    for (let first = 0; first < keys.length; first += MAX_BATCH_KEYS) {
      const batch = keys.slice(first, first + MAX_BATCH_KEYS)
      if (batch.length > 1 && this.#hasBatches) await this.#deleteBatch(batch, path, options)
      else await this.#deleteSingly(batch, path, options)
    }
  }

  async #isFile(path: string, options: CallOptions): Promise<boolean> {
    try {
      await headObject(this.#bucket, this.#bucket.ref(path), options)
      return true
    } catch (error) {
      if (isStorageError(error, 'PATH_NOT_FOUND')) return false
      throw error
    }
  }

  async #keysBelow(path: string, options: CallOptions): Promise<string[]> {
    const keys: string[] = []
    for await (const { objects } of pages(this.#bucket, { Prefix: this.#bucket.keys.prefix(path) }, options)) {
      for (const { Key } of objects) if (Key !== undefined) keys.push(Key)
    }
    return keys
  }

  #deleteSingly(keys: readonly string[], path: string, options: CallOptions): Promise<void> {
    return forEachConcurrent(MAX_CONCURRENT_DELETES, keys, key => deleteObject(this.#bucket, { key, path }, options))
  }

  async #deleteBatch(keys: readonly string[], path: string, options: CallOptions): Promise<void> {
    const command = new DeleteObjectsCommand({
      Bucket: this.#bucket.name,
      Delete: { Quiet: true, Objects: keys.map(Key => ({ Key })) },
      // Servers that know no newer checksum still want Content-MD5 here, and all take it.
      ChecksumAlgorithm: 'MD5',
    })
    omitChecksum(command)
    let failed
    try {
      const { Errors = [] } = await this.#bucket.run(o => this.#bucket.client.send(command, o), options, path)
      failed = Errors
    } catch (error) {
      if (!isStorageError(error) || !(isNotImplemented(error.cause) || error.code === 'ACCESS_DENIED')) throw error
      // Not there, or refused as a whole: Ceph 16 wants s3:DeleteObject on the bucket for it, beside that on the objects.
      await this.#deleteSingly(keys, path, options)
      this.#hasBatches = false
      return
    }
    const [first] = failed
    if (!first) return
    const code = first.Code === 'AccessDenied' ? 'ACCESS_DENIED' : 'UNAVAILABLE'
    const detail = `S3 deleted all but ${failed.length} of ${keys.length} objects: ${first.Code} for ${first.Key}`
    throw new StorageError(code, detail, { path, ...(code === 'UNAVAILABLE' ? { retryAfter: 1 } : {}) })
  }
}
