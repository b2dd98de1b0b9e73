import { randomUUID } from 'node:crypto'
import { type StorageDriver, isStorageError } from '@longshore/middleware-core'
import type { Digest } from '../../oci/digest.ts'
import type { BlobStore } from '../blob-store.ts'
import type { Body } from '../receive.ts'
import { NewUploadCache } from './new-upload-cache.ts'
import { type Chunk, type FoundUpload, UploadBytes, sizeOf } from './upload-data.ts'
import { UploadCompletion, isUnrecoverable } from './upload-completion.ts'
import { UploadFiles, unknownUpload } from './upload-files.ts'
import { type UploadName, type UploadState, UploadStates, keyOf } from './upload-state.ts'
import { type Turn, UploadLock } from './upload-lock.ts'

/** Where an upload stands. */
export interface Progress {
  /** Bytes so far. */
  readonly size: number
  /** The `_state` to go on with. */
  readonly state: string
}

export interface UploadStoreOptions {
  /** What the states in URLs are signed with. Nodes that share it believe each other's. */
  readonly secret: string | Uint8Array
  /** Seconds without a byte after which a client that is sending some counts as gone. */
  readonly patience: number
}

/**
 * Uploads. All that is known of one is in the storage, so any node continues it. The state in an upload's URL, and what a
 * node remembers, save questions; without them, or with old ones, requests end in the same way.
 */
export class UploadStore {
  readonly #blobs: BlobStore
  readonly #files: UploadFiles
  readonly #bytes: UploadBytes
  readonly #completion: UploadCompletion
  readonly #states: UploadStates
  /** Seconds for which a request with bytes waits while another one sends some. */
  readonly #patience: number
  readonly #fresh = new NewUploadCache()
  readonly #turns = new UploadLock()

  constructor(storage: StorageDriver, blobs: BlobStore, { secret, patience }: UploadStoreOptions) {
    this.#blobs = blobs
    this.#files = new UploadFiles(storage)
    this.#bytes = new UploadBytes(this.#files)
    this.#completion = new UploadCompletion(this.#files, this.#bytes, blobs)
    this.#states = new UploadStates(secret)
    // One whose client is gone has ended by then, and stored what it had.
    this.#patience = 1.5 * patience
  }

  async start(repository: string): Promise<Progress & { id: string }> {
    const name = { repository, id: randomUUID() }
    const startedAt = new Date()
    await this.#files.start(name, startedAt)
    this.#fresh.begin(keyOf(name))
    return { id: name.id, size: 0, state: this.#states.sign(name, { offset: 0, startedAt, isOurs: true }) }
  }

  /**
   * How many bytes are safely stored. While a client sends some, those before: it asks beside a request that is under way
   * only when it has lost the connection and the node does not know yet.
   */
  async status(name: UploadName, state?: string): Promise<Progress> {
    const receiving = this.#turns.receiving(keyOf(name))
    if (receiving) return this.progress(name, receiving.size, state)
    return this.#inTurn(name, undefined, async () => {
      const found = await this.#bytes.find(name)
      await this.#bytes.release(found)
      return this.progress(name, sizeOf(found), state)
    })
  }

  /**
   * Adds a chunk. What arrived of it is kept even when the client goes away in the middle. While another request sends
   * bytes it waits, in case that one's client is gone; if not, it is refused with 409.
   */
  append(name: UploadName, chunk: Chunk, state?: string): Promise<Progress> {
    return this.#inTurn(name, this.#patience, async turn => {
      const known = this.#states.verify(name, state)
      const isFresh = !chunk.offset && this.#fresh.canBegin(keyOf(name), known)
      this.#fresh.touch(keyOf(name))
      const found: FoundUpload = isFresh ? { kind: 'none' } : await this.#bytes.find(name)
      const upload = await this.#bytes.openAt(name, found, { ...chunk, toldOffset: toldOffset(known) })
      await this.#bytes.receive(name, turn, upload, chunk)
      await this.#bytes.keep(name, upload)
      return this.progress(name, upload.writer.size, state)
    })
  }

  /**
   * Adds the last chunk, which may be empty, and publishes the whole as the repository's blob when it has the digest. When
   * it has another, the upload is gone.
   */
  complete(name: UploadName, digest: Digest, chunk: Chunk, state?: string): Promise<void> {
    return this.#inTurn(name, this.#patience, async turn => {
      const known = this.#states.verify(name, state)
      const isWhole = !chunk.offset && this.#fresh.mayBeWhole(keyOf(name), known)
      this.#fresh.touch(keyOf(name))
      const last = { name, turn, digest, chunk: { ...chunk, toldOffset: toldOffset(known) } }
      try {
        await (isWhole ? this.#completion.receiveWhole(last) : this.#completion.finish(last))
      } catch (error) {
        if (isUnrecoverable(error)) await this.#forget(name, undefined)
        throw error
      }
      await this.#forget(name, known)
    })
  }

  /** A whole blob in one request that started no upload before. */
  receiveWhole(repository: string, digest: Digest, body: Body): Promise<void> {
    return this.#blobs.receive(repository, digest, body)
  }

  /** Discards an upload. A request that is sending bytes to it is ended, and its connection with it. */
  async cancel(name: UploadName): Promise<void> {
    this.#turns.interrupt(keyOf(name), unknownUpload(name.id))
    await this.#inTurn(name, undefined, async () => {
      this.#fresh.touch(keyOf(name))
      const found = await this.#bytes.find(name)
      if (found.kind === 'open') await found.writer.cancel()
      await this.#files.removeAll(name)
      this.#bytes.forget(name)
    })
  }

  /** What a client is told about an upload, with a state that goes back to the one that it sent. */
  progress(name: UploadName, size: number, state?: string): Progress {
    const { isOurs = false } = this.#states.verify(name, state) ?? {}
    return { size, state: this.#states.sign(name, { offset: size, isOurs }) }
  }

  /** Another node may end an upload while this one works on it: then the storage finds it changed or gone. */
  async #inTurn<Result>(
    name: UploadName,
    patience: number | undefined,
    task: (turn: Turn) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#turns.run(keyOf(name), task, patience)
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

  /** The push is done, or has failed, whether this succeeds or not; what it leaves is for a purge. */
  async #forget(name: UploadName, state: UploadState | undefined): Promise<void> {
    this.#bytes.forget(name)
    await (state?.isOurs ? this.#files.removeStart(name) : this.#files.removeAll(name)).catch(() => {})
  }
}

/**
 * Where a client was told that the upload ends. What a killed node had sent may reach the storage after another node has
 * told that, and the client's bytes then belong elsewhere. The first URL tells nothing: some clients use it to the end.
 */
function toldOffset(state: UploadState | undefined): number | undefined {
  return state?.offset === 0 && state.startedAt ? undefined : state?.offset
}
