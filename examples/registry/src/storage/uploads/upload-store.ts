import { randomUUID } from 'node:crypto'
import { type StorageDriver, isStorageError } from '@longshore/middleware-core'
import type { Digest } from '../../oci/digest.ts'
import type { BlobStore } from '../blob-store.ts'
import type { Body } from '../receive.ts'
import { NewUploadCache } from './new-upload-cache.ts'
import { type Chunk, type FoundUpload, UploadData, sizeOf, unknownUpload } from './upload-data.ts'
import { UploadCompletion, isUnrecoverable } from './upload-completion.ts'
import { UploadFiles } from './upload-files.ts'
import { type UploadName, type UploadState, UploadStates, keyOf } from './upload-state.ts'
import { type LockHandle, UploadLock } from './upload-lock.ts'

/** Progress of an upload, as a client is told it. */
export interface Progress {
  /** Bytes so far. */
  readonly size: number
  /** `_state` to continue with. */
  readonly state: string
}

export interface UploadStoreOptions {
  /** Secret that signs the states in URLs. Nodes that share it trust each other's. */
  readonly secret: string | Uint8Array
  /** Time without a byte after which a client that is sending some counts as gone. */
  readonly stallTimeoutMs: number
}

/**
 * Uploads. All that is needed to continue one is in the storage, so any node can. The state in an upload's URL, and what a
 * node remembers, save requests to the storage; without them, or with old ones, the outcome is the same.
 */
export class UploadStore {
  readonly #blobs: BlobStore
  readonly #files: UploadFiles
  readonly #data: UploadData
  readonly #completion: UploadCompletion
  readonly #states: UploadStates
  /** Time for which a request with bytes waits while another one sends some. */
  readonly #maxWaitMs: number
  readonly #newUploads = new NewUploadCache()
  readonly #lock = new UploadLock()

  constructor(storage: StorageDriver, blobs: BlobStore, { secret, stallTimeoutMs }: UploadStoreOptions) {
    this.#blobs = blobs
    this.#files = new UploadFiles(storage)
    this.#data = new UploadData(storage)
    this.#completion = new UploadCompletion(this.#files, this.#data, blobs)
    this.#states = new UploadStates(secret)
    // A request whose client is gone has ended by then, and stored what it had.
    this.#maxWaitMs = 1.5 * stallTimeoutMs
  }

  async start(repository: string): Promise<Progress & { id: string }> {
    const name = { repository, id: randomUUID() }
    const startedAt = new Date()
    await this.#files.start(name, startedAt)
    this.#newUploads.add(keyOf(name))
    return { id: name.id, size: 0, state: this.#states.sign(name, { offset: 0, startedAt, isOurs: true }) }
  }

  /**
   * Tells how many bytes are stored. While a request sends some, those before it: a client asks then only when it has lost
   * the connection and the node does not know yet.
   */
  async status(name: UploadName, state?: string): Promise<Progress> {
    const receiving = this.#lock.receiving(keyOf(name))
    if (receiving) return this.progress(name, receiving.size, state)
    return this.#locked(name, undefined, async () => {
      const found = await this.#data.find(name)
      await this.#data.release(found)
      return this.progress(name, sizeOf(found), state)
    })
  }

  /**
   * Adds a chunk. What arrived of it is kept even when the client goes away in the middle. While another request sends
   * bytes it waits, in case that one's client is gone; if not, the answer is 409.
   */
  append(name: UploadName, chunk: Chunk, state?: string): Promise<Progress> {
    return this.#locked(name, this.#maxWaitMs, async handle => {
      const known = this.#states.verify(name, state)
      const isNew = !chunk.offset && this.#newUploads.canBegin(keyOf(name), known)
      this.#newUploads.touch(keyOf(name))
      const found: FoundUpload = isNew ? { kind: 'none' } : await this.#data.find(name)
      const upload = await this.#data.openAt(name, found, { ...chunk, toldSize: known?.offset })
      await this.#data.receive(name, handle, upload, chunk)
      await this.#data.keep(name, upload)
      return this.progress(name, upload.writer.size, state)
    })
  }

  /**
   * Adds the last chunk, which may be empty, and publishes the upload as the repository's blob when it has the digest. When
   * it has another, the upload is removed.
   */
  complete(name: UploadName, digest: Digest, chunk: Chunk, state?: string): Promise<void> {
    return this.#locked(name, this.#maxWaitMs, async handle => {
      const known = this.#states.verify(name, state)
      const isWhole = !chunk.offset && this.#newUploads.mayBeWhole(keyOf(name), known)
      this.#newUploads.touch(keyOf(name))
      const last = { name, handle, digest, chunk: { ...chunk, toldSize: toldAfterStart(known) } }
      try {
        await (isWhole ? this.#completion.receiveWhole(last) : this.#completion.finish(last))
      } catch (error) {
        if (isUnrecoverable(error)) await this.#forget(name, undefined)
        throw error
      }
      await this.#forget(name, known)
    })
  }

  /** Stores a whole blob that comes in one request, without an upload. */
  receiveWhole(repository: string, digest: Digest, body: Body): Promise<void> {
    return this.#blobs.receive(repository, digest, body)
  }

  /** Discards an upload. A request that is sending bytes to it is cut off. */
  async cancel(name: UploadName): Promise<void> {
    this.#lock.interrupt(keyOf(name), unknownUpload(name.id))
    await this.#locked(name, undefined, async () => {
      this.#newUploads.touch(keyOf(name))
      const found = await this.#data.find(name)
      if (found.kind === 'open') await found.writer.cancel()
      await this.#files.removeAll(name)
      this.#data.forget(name)
    })
  }

  /** Makes what a client is told about an upload, with a state that follows from the one that it sent. */
  progress(name: UploadName, size: number, state?: string): Progress {
    const { isOurs = false } = this.#states.verify(name, state) ?? {}
    return { size, state: this.#states.sign(name, { offset: size, isOurs }) }
  }

  /** Runs a task with the upload's lock. Where another node ends the upload meanwhile, the answer is `BLOB_UPLOAD_UNKNOWN`. */
  async #locked<Result>(
    name: UploadName,
    maxWaitMs: number | undefined,
    task: (handle: LockHandle) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#lock.run(keyOf(name), task, maxWaitMs)
    } catch (error) {
      const isGone = isStorageError(
        error,
        'UPLOAD_NOT_FOUND',
        'ALREADY_COMMITTED',
        'PRECONDITION_FAILED',
        'PATH_NOT_FOUND',
      )
      if (isGone) throw unknownUpload(name.id)
      throw error
    }
  }

  /** Removes what is left of an upload that has ended. What cannot be removed is for a purge. */
  async #forget(name: UploadName, state: UploadState | undefined): Promise<void> {
    this.#data.forget(name)
    await (state?.isOurs ? this.#files.removeStart(name) : this.#files.removeAll(name)).catch(() => {})
  }
}

/**
 * Size that a client was told with a later URL than the first. The first one tells the last request nothing: some clients use
 * it to the end, and the digest shows what was sent twice.
 */
function toldAfterStart(state: UploadState | undefined): number | undefined {
  return state?.offset === 0 && state.startedAt ? undefined : state?.offset
}
