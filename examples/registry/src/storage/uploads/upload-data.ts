import { once } from 'node:events'
import { type FileWriter, type StorageDriver, isStorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { blobData, uploadData, uploadStartedAt } from '../layout.ts'
import { type Body, receive } from '../receive.ts'
import { HashState, HashStateCache, supportsDigest } from './hash-state-cache.ts'
import { type LockHandle, receivedBy } from './upload-lock.ts'
import { type UploadName, keyOf } from './upload-state.ts'

/** Body of a request, and what the client says about it. */
export interface Chunk {
  readonly body: Body
  /** Offset at which it belongs, if the client says so. */
  readonly offset: number | undefined
  /**
   * Size that the client was told, for one that names no offset: an empty chunk fits a larger upload, too. Any other belongs
   * elsewhere by then: it was sent before, or what a killed node had sent came after another node had told the size.
   */
  readonly toldSize?: number | undefined
  /** Ends the body, together with its connection. */
  readonly stop: () => void
}

/** Upload that can be continued. */
export interface OpenUpload {
  readonly kind: 'open'
  readonly writer: FileWriter
  /** Hash of all the bytes, if this node saw them. */
  readonly hash: HashState | undefined
  /** True when a commit makes it a blob, so that the hash has to be compared before; false when the bytes stay its own. */
  readonly publishes: boolean
}

/** State of an upload's bytes: none yet, some to continue, or all of them, committed but not published. */
export type FoundUpload = { readonly kind: 'none' } | OpenUpload | { readonly kind: 'committed'; readonly size: number }

/** Bytes of unfinished uploads: unfinished writers on `data`, which any node continues, and what this node knows of them. */
export class UploadData {
  readonly #storage: StorageDriver
  readonly #hashes = new HashStateCache()

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  /**
   * Finds an upload in the storage. With a digest its commit publishes it as that blob, if this node knows its hash.
   * `BLOB_UPLOAD_UNKNOWN` when there is no such upload.
   */
  async find(name: UploadName, digest?: Digest): Promise<FoundUpload> {
    const key = keyOf(name)
    const publishes = digest !== undefined && supportsDigest(digest) && this.#hashes.has(key)
    const found = await this.#open(name, publishes ? blobData(digest) : undefined)
    if ('kind' in found) return found
    const hash = this.#hashes.of(key, found)
    if (hash || !publishes) return { kind: 'open', writer: found, hash, publishes }
    // Another node has continued it since.
    await release(found)
    this.#hashes.forget(key)
    return this.find(name)
  }

  /** Opens an upload for a chunk. `OutOfOrder` when the chunk belongs elsewhere. */
  async openAt(name: UploadName, found: FoundUpload, chunk: Chunk): Promise<OpenUpload> {
    const size = sizeOf(found)
    if (found.kind === 'committed' || !(await belongsAt(size, chunk))) {
      await this.release(found)
      throw new OutOfOrder(size)
    }
    if (found.kind === 'open') return found
    const writer = await this.#storage.writer(uploadData(name.repository, name.id))
    return { kind: 'open', writer, hash: new HashState(), publishes: false }
  }

  /** Stores a chunk. When it breaks off, what arrived is kept. */
  async receive(name: UploadName, handle: LockHandle, upload: OpenUpload, { body, stop }: Chunk): Promise<void> {
    const { writer, hash } = upload
    try {
      await receive(receivedBy(handle, { size: writer.size, stop }, body), writer, hash)
    } catch (error) {
      await this.keep(name, upload)
      throw error
    }
  }

  /** Makes the bytes so far durable, and keeps their hash. */
  async keep(name: UploadName, { writer, hash }: OpenUpload): Promise<void> {
    await writer.close()
    this.#hashes.set(keyOf(name), writer, hash)
  }

  /** Leaves an upload as it was found. */
  async release(found: FoundUpload): Promise<void> {
    if (found.kind === 'open') await release(found.writer)
  }

  /** Drops what this node knows of an upload that has ended. */
  forget(name: UploadName): void {
    this.#hashes.forget(keyOf(name))
  }

  /** Opens the writer whose commit puts the bytes at `destination`, or else leaves them with the upload. */
  async #open({ repository, id }: UploadName, destination: string | undefined) {
    const data = uploadData(repository, id)
    try {
      return await this.#storage.writer(data, { append: true, destination })
    } catch (error) {
      if (isStorageError(error, 'ALREADY_COMMITTED')) {
        const { size } = await this.#storage.stat(data, { fileOnly: true })
        return { kind: 'committed', size } as const
      }
      if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
    }
    const startedAt = this.#storage.stat(uploadStartedAt(repository, id), { fileOnly: true })
    if (await undefinedIfNotFound(startedAt)) return { kind: 'none' } as const
    throw unknownUpload(id)
  }
}

export function sizeOf(found: FoundUpload): number {
  if (found.kind === 'open') return found.writer.size
  return found.kind === 'committed' ? found.size : 0
}

/** Checks that a chunk belongs where the upload ends. Where that is not clear its first bytes are read. */
export async function belongsAt(size: number, { body, offset, toldSize = size }: Chunk): Promise<boolean> {
  if (offset !== undefined) return offset === size
  return toldSize === size || (toldSize < size && (await isEmpty(body)))
}

async function isEmpty(body: Body): Promise<boolean> {
  for await (const bytes of body) if (bytes.length > 0) return false
  return true
}

/** Ends a writer that nothing was written to, leaving the upload as it was. */
export async function release(writer: FileWriter): Promise<void> {
  writer.destroy()
  if (!writer.closed) await once(writer, 'close')
}

/** Error for a chunk that does not begin where the upload ends. */
export class OutOfOrder extends RegistryError {
  /** Bytes so far: where the upload ends. */
  readonly size: number

  constructor(size: number) {
    super('RANGE_INVALID', 'the chunk does not start where the upload ends')
    this.size = size
  }
}

export function unknownUpload(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry', { details: [{ id }] })
}
