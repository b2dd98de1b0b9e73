import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type FileWriter, type StorageDriver, isStorageError } from '@longshore/middleware-core'
import { type Digest, hashFor, matches } from '../digest.ts'
import { RegistryError } from '../errors.ts'
import { KeyedQueue } from '../keyed-queue.ts'
import { startedAtContent, uploadData, uploadDirectory, uploadStartedAt } from '../layout.ts'
import { type Body, receive } from '../receive.ts'
import { type BlobStore, wrongDigest } from './blob-store.ts'
import { orUndefined, remove } from './links.ts'

/** Which upload, of which repository. */
export interface UploadName {
  readonly repository: string
  readonly id: string
}

/** A request's body and, where the client says so, the offset at which it belongs. */
export interface Chunk {
  readonly body: Body
  readonly offset: number | undefined
}

/** An upload's bytes as a request finds them: none yet, some to go on from, or all of them, committed but not published. */
type Found = { state: 'fresh' } | { state: 'open'; writer: FileWriter } | { state: 'committed'; size: number }

/**
 * Uploads. All that is known of one is in the storage, so any node continues it: when it began in `startedat`, its bytes in
 * an unfinished writer on `data`. Requests to one upload take turns.
 */
export class UploadStore {
  readonly #storage: StorageDriver
  readonly #blobs: BlobStore
  readonly #turns = new KeyedQueue()

  constructor(storage: StorageDriver, blobs: BlobStore) {
    this.#storage = storage
    this.#blobs = blobs
  }

  /** @returns the new upload's id */
  async start(repository: string): Promise<string> {
    const id = randomUUID()
    await this.#storage.putContent(uploadStartedAt(repository, id), startedAtContent(new Date()))
    return id
  }

  /** How many bytes are safely stored. */
  size(upload: UploadName): Promise<number> {
    return this.#inTurn(upload, async () => {
      const found = await this.#find(upload)
      if (found.state === 'open') await release(found.writer)
      return sizeOf(found)
    })
  }

  /**
   * Adds a chunk. What arrived of it is kept even when the client goes away in the middle.
   *
   * @returns the size after it
   */
  append(upload: UploadName, chunk: Chunk): Promise<number> {
    return this.#inTurn(upload, async () => {
      const writer = await this.#continueAt(upload, await this.#find(upload), chunk)
      const arrival = await Promise.allSettled([receive(chunk.body, writer, undefined)])
      await writer.close()
      if (arrival[0].status === 'rejected') throw arrival[0].reason
      return writer.size
    })
  }

  /**
   * Adds the last chunk, which may be empty, and publishes the whole as the repository's blob when it has the digest. When
   * it has another, the upload is gone.
   */
  complete(upload: UploadName, digest: Digest, chunk: Chunk): Promise<void> {
    return this.#inTurn(upload, async () => {
      const found = await this.#find(upload)
      try {
        if (found.state === 'fresh') {
          await this.#receiveAtOnce(upload.repository, digest, chunk)
        } else {
          await this.#store(upload, found, chunk)
          await this.#publish(upload, digest)
        }
      } catch (error) {
        if (isSpoiled(error)) await this.#forget(upload)
        throw error
      }
      await this.#forget(upload)
    })
  }

  /** A whole blob in one request that started no upload before. */
  async receiveWhole(repository: string, digest: Digest, body: Body): Promise<void> {
    await this.#blobs.receive(digest, body)
    await this.#blobs.link(repository, digest)
  }

  async cancel(upload: UploadName): Promise<void> {
    await this.#inTurn(upload, async () => {
      const found = await this.#find(upload)
      if (found.state === 'open') await found.writer.cancel()
      await remove(this.#storage, uploadDirectory(upload.repository, upload.id))
    })
  }

  /** Another node may end an upload while this one works on it: then the storage finds it changed or gone. */
  async #inTurn<Result>({ repository, id }: UploadName, task: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#turns.run(`${repository}:${id}`, task)
    } catch (error) {
      if (isStorageError(error, 'CONFLICT') || isStorageError(error, 'PATH_NOT_FOUND')) throw unknownUpload(id)
      throw error
    }
  }

  async #find({ repository, id }: UploadName): Promise<Found> {
    const data = uploadData(repository, id)
    try {
      return { state: 'open', writer: await this.#storage.writer(data, { append: true }) }
    } catch (error) {
      if (isStorageError(error, 'CONFLICT')) {
        const { size } = await this.#storage.stat(data)
        return { state: 'committed', size }
      }
      if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
    }
    if (await orUndefined(this.#storage.stat(uploadStartedAt(repository, id)))) return { state: 'fresh' }
    throw unknownUpload(id)
  }

  /** The writer to which a chunk can be added. */
  async #continueAt({ repository, id }: UploadName, found: Found, { offset }: Chunk): Promise<FileWriter> {
    const size = sizeOf(found)
    if (found.state === 'committed' || (offset !== undefined && offset !== size)) {
      if (found.state === 'open') await release(found.writer)
      throw new OutOfOrder(size)
    }
    return found.state === 'open' ? found.writer : this.#storage.writer(uploadData(repository, id))
  }

  /** The common case of a client that sends its blob whole with the last request. */
  async #receiveAtOnce(repository: string, digest: Digest, { body, offset }: Chunk): Promise<void> {
    if (offset !== undefined && offset !== 0) throw new OutOfOrder(0)
    await this.receiveWhole(repository, digest, body)
  }

  /** Adds the last chunk and commits the upload. An earlier try may have done so: then only an empty chunk fits. */
  async #store(upload: UploadName, found: Found, chunk: Chunk): Promise<void> {
    if (found.state === 'committed') {
      if ((await receive(chunk.body, undefined, undefined)) > 0) throw new OutOfOrder(found.size)
      return
    }
    const writer = await this.#continueAt(upload, found, chunk)
    try {
      await receive(chunk.body, writer, undefined)
    } catch (error) {
      await writer.close()
      throw error
    }
    await writer.commit()
  }

  /**
   * Makes a committed upload the repository's blob. Its bytes came with several requests, perhaps to several nodes at the
   * same time, so only what is stored tells what they are: it is read again. The revision ties the bytes that were
   * checked to those that are moved. The link comes first: without the bytes it counts for nothing, and a client that
   * tries again after a failure finds the upload still in its place.
   */
  async #publish({ repository, id }: UploadName, digest: Digest): Promise<void> {
    const data = uploadData(repository, id)
    const { size, revision } = await this.#storage.stat(data)
    const hash = hashFor(digest)
    for await (const bytes of await this.#storage.reader(data, { revision })) hash.update(bytes as Buffer)
    if (!matches(hash, digest)) throw wrongDigest(digest)
    await this.#blobs.link(repository, digest)
    await this.#blobs.adopt(digest, data, { size, revision })
  }

  /** The push is done whether this succeeds or not; what it leaves is for a purge. */
  async #forget({ repository, id }: UploadName): Promise<void> {
    await remove(this.#storage, uploadDirectory(repository, id)).catch(() => {})
  }
}

function sizeOf(found: Found): number {
  if (found.state === 'open') return found.writer.size
  return found.state === 'committed' ? found.size : 0
}

/** Whether an upload that failed like this can never be finished: it has other bytes, or they changed while it was published. */
function isSpoiled(error: unknown): boolean {
  return isStorageError(error, 'CONFLICT') || (error instanceof RegistryError && error.code === 'DIGEST_INVALID')
}

function unknownUpload(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry', { details: [{ id }] })
}

/** Ends a writer that nothing was written to, leaving the upload as it was. */
async function release(writer: FileWriter): Promise<void> {
  writer.destroy()
  if (!writer.closed) await once(writer, 'close')
}

/** A chunk that does not begin where the upload ends. */
export class OutOfOrder extends RegistryError {
  /** Where it ends: bytes so far. */
  readonly size: number

  constructor(size: number) {
    super('RANGE_INVALID', 'the chunk does not start where the upload ends')
    this.size = size
  }
}
