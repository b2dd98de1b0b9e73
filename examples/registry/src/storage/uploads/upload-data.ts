import type { FileWriter } from '@longshore/middleware-core'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { blobData } from '../layout.ts'
import { type Body, receive } from '../receive.ts'
import { HashState, HashStateCache, supportsDigest } from './hash-state-cache.ts'
import { type UploadFiles, release } from './upload-files.ts'
import { type UploadName, keyOf } from './upload-state.ts'
import { type Turn, receivedIn } from './upload-lock.ts'

/** A request's body and what the client says about it. */
export interface Chunk {
  readonly body: Body
  /** The offset at which it belongs, if the client says so. */
  readonly offset: number | undefined
  /** Where the client was told that the upload ends, for one that says no more than that: an empty chunk fits later, too. */
  readonly toldOffset?: number | undefined
  /** Ends the body, together with its connection. */
  readonly stop: () => void
}

/** An upload that can be gone on with. */
export interface OpenUpload {
  readonly kind: 'open'
  readonly writer: FileWriter
  /** Of all the bytes, if this node saw them. */
  readonly hash: HashState | undefined
  /** Whether a commit makes it a blob, so that the hash has to be compared before. Otherwise the bytes stay its own. */
  readonly publishes: boolean
}

/** What a request finds of an upload: no bytes yet, some to go on from, or all of them, committed but not published. */
export type FoundUpload = { readonly kind: 'none' } | OpenUpload | { readonly kind: 'committed'; readonly size: number }

/** How chunks are added to uploads, and what this node knows of the bytes. */
export class UploadBytes {
  readonly #files: UploadFiles
  readonly #hashes = new HashStateCache()

  constructor(files: UploadFiles) {
    this.#files = files
  }

  /**
   * Asks the storage for an upload. With a digest its commit publishes it as that blob, if this node knows its hash.
   * `BLOB_UPLOAD_UNKNOWN` when there is no such upload.
   */
  async find(name: UploadName, digest?: Digest): Promise<FoundUpload> {
    const mayPublish = digest !== undefined && supportsDigest(digest) && this.#hashes.has(keyOf(name))
    const found = mayPublish ? await this.#files.find(name, blobData(digest)) : await this.#files.find(name)
    if (found.kind !== 'open') return found
    const { writer } = found
    const hash = this.#hashes.of(keyOf(name), writer)
    if (hash || !mayPublish) return { kind: 'open', writer, hash, publishes: mayPublish }
    // Another node has continued it since.
    await release(writer)
    this.#hashes.forget(keyOf(name))
    return this.find(name)
  }

  /** What a chunk can be added to, or `OutOfOrder` when it belongs elsewhere. */
  async openAt(name: UploadName, found: FoundUpload, chunk: Chunk): Promise<OpenUpload> {
    const size = sizeOf(found)
    if (found.kind === 'committed' || !(await belongsAt(size, chunk))) {
      await this.release(found)
      throw new OutOfOrder(size)
    }
    if (found.kind === 'open') return found
    return { kind: 'open', writer: await this.#files.begin(name), hash: new HashState(), publishes: false }
  }

  /** Takes a chunk. When it breaks off, what arrived is kept. */
  async receive(name: UploadName, turn: Turn, upload: OpenUpload, { body, stop }: Chunk): Promise<void> {
    const { writer, hash } = upload
    try {
      await receive(receivedIn(turn, { size: writer.size, stop }, body), writer, hash)
    } catch (error) {
      await this.keep(name, upload)
      throw error
    }
  }

  /** Makes the bytes so far durable, and remembers their hash. */
  async keep(name: UploadName, { writer, hash }: OpenUpload): Promise<void> {
    await writer.close()
    this.#hashes.remember(keyOf(name), writer, hash)
  }

  /** Leaves an upload as it was found. */
  async release(found: FoundUpload): Promise<void> {
    if (found.kind === 'open') await release(found.writer)
  }

  /** The upload has come to its end. */
  forget(name: UploadName): void {
    this.#hashes.forget(keyOf(name))
  }
}

export function sizeOf(found: FoundUpload): number {
  if (found.kind === 'open') return found.writer.size
  return found.kind === 'committed' ? found.size : 0
}

/** Whether a chunk belongs where the upload ends. Of one about which that is not clear the first bytes are looked at. */
export async function belongsAt(size: number, { body, offset, toldOffset = size }: Chunk): Promise<boolean> {
  if (offset !== undefined) return offset === size
  return toldOffset === size || (toldOffset < size && (await isEmpty(body)))
}

async function isEmpty(body: Body): Promise<boolean> {
  for await (const bytes of body) if (bytes.length > 0) return false
  return true
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
