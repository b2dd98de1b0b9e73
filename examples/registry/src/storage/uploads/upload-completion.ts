import { isStorageError } from '@longshore/middleware-core'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { type BlobStore, wrongDigest } from '../blob-store.ts'
import { blobData } from '../layout.ts'
import { type Body, receive } from '../receive.ts'
import {
  type Chunk,
  type FoundUpload,
  type OpenUpload,
  OutOfOrder,
  type UploadData,
  belongsAt,
  sizeOf,
} from './upload-data.ts'
import type { UploadFiles } from './upload-files.ts'
import type { UploadName } from './upload-state.ts'
import { type LockHandle, receivedBy } from './upload-lock.ts'

/** Request that ends an upload. */
export interface LastRequest {
  readonly name: UploadName
  readonly handle: LockHandle
  /** Digest that the bytes have to have. */
  readonly digest: Digest
  readonly chunk: Chunk
}

/** Completion of uploads: turns one into a blob. After that nothing but its `startedat` is left. */
export class UploadCompletion {
  readonly #files: UploadFiles
  readonly #data: UploadData
  readonly #blobs: BlobStore

  constructor(files: UploadFiles, data: UploadData, blobs: BlobStore) {
    this.#files = files
    this.#data = data
    this.#blobs = blobs
  }

  /**
   * Takes the body for the whole blob without asking whether anything was sent before. Where that was wrong so is the
   * digest, and then the storage is asked after all: an upload whose bytes are all there is finished. One to which more was
   * sent stays as it is, and the refusal tells the client where it ends.
   */
  async receiveWhole(last: LastRequest): Promise<void> {
    const arrived = { bytes: 0 }
    try {
      await this.#receiveBlob(last, counted(last.chunk.body, arrived))
    } catch (error) {
      if (!isUnrecoverable(error)) throw error
      const found = await this.#data.find(last.name, last.digest)
      if (found.kind === 'none') throw error
      if (arrived.bytes === 0) return this.#finish(last, found)
      await this.#data.release(found)
      throw new OutOfOrder(sizeOf(found))
    }
  }

  /** Adds the last chunk, which may be empty, to what the storage has of the upload, and publishes the whole. */
  async finish(last: LastRequest): Promise<void> {
    await this.#finish(last, await this.#data.find(last.name, last.digest))
  }

  async #finish(last: LastRequest, found: FoundUpload): Promise<void> {
    const { name, handle, chunk } = last
    if (found.kind === 'none') {
      if (!(await belongsAt(0, chunk))) throw new OutOfOrder(0)
      return this.#receiveBlob(last, chunk.body)
    }
    if (found.kind === 'committed') {
      // An earlier try came as far as this: only an empty chunk fits.
      if ((await receive(chunk.body, undefined, undefined)) > 0) throw new OutOfOrder(found.size)
      return this.#publishCommitted(last)
    }
    const upload = await this.#data.openAt(name, found, chunk)
    await this.#data.receive(name, handle, upload, chunk)
    if (upload.publishes) return this.#publishOpen(last, upload)
    await upload.writer.commit()
    await this.#publishCommitted(last)
  }

  /** Stores a blob that came whole with the last request: the common case. */
  async #receiveBlob({ name, handle, digest, chunk }: LastRequest, body: Body): Promise<void> {
    await this.#blobs.receive(name.repository, digest, receivedBy(handle, { size: 0, stop: chunk.stop }, body))
  }

  /** Publishes bytes that all went through this node: their hash is known, so the commit puts them in place. */
  async #publishOpen({ name, digest }: LastRequest, upload: OpenUpload): Promise<void> {
    const { writer, hash } = upload
    if (!hash?.matches(digest)) {
      await writer.cancel()
      throw wrongDigest(digest)
    }
    try {
      const isNew = await this.#blobs.publish(name.repository, digest, hash.size, () => writer.commit())
      if (!isNew) await writer.cancel()
    } catch (error) {
      // The client may try again. The first error matters more than a failure to keep its bytes.
      await this.#data.keep(name, upload).catch(() => {})
      throw error
    }
  }

  /**
   * Publishes committed bytes. Several requests brought them, perhaps to several nodes at the same time, so they are read
   * again to learn their digest. The revision ties the bytes that were checked to those that are moved.
   */
  async #publishCommitted({ name, digest }: LastRequest): Promise<void> {
    const file = await this.#files.verify(name, digest)
    const isNew = await this.#blobs.publish(name.repository, digest, file.size, () =>
      this.#files.move(file, blobData(digest)),
    )
    if (!isNew) await this.#files.removeData(name)
  }
}

/** True for a failure after which an upload can never be finished: its bytes are others, or changed while it was published. */
export function isUnrecoverable(error: unknown): boolean {
  return (
    isStorageError(error, 'UPLOAD_NOT_FOUND', 'ALREADY_COMMITTED', 'PRECONDITION_FAILED') ||
    (error instanceof RegistryError && error.code === 'DIGEST_INVALID')
  )
}

async function* counted(body: Body, arrived: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    arrived.bytes += chunk.length
    yield chunk
  }
}
