import type { Readable } from 'node:stream'
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  type CallOptions,
  type PutStreamOptions,
  type Resolved,
  type WriteResult,
  isStorageError,
  lazyImport,
} from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { markOwned, unmarkOwned } from '../multipart/owner-marker.ts'
import { cleanUp } from '../objects/clean-up.ts'
import { preconditionError } from '../objects/conditions.ts'
import { metadataInput } from '../objects/metadata.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** Settings of {@link putStream}. */
export interface PutStreamSettings {
  /** Bytes of each part but the last. */
  readonly partSize: number
  /** Parts on their way at once, at most. */
  readonly concurrency: number
  readonly memory: MemoryBudget
}

const libStorage = lazyImport(() => import('@aws-sdk/lib-storage'))

/**
 * Stores a stream of unknown length whole, in one go. Nothing is visible before it is complete, nothing is left when it
 * fails, and it cannot be continued: that is what `writer` is for. Its memory counts among that of all uploads: `Upload` holds
 * as many parts as are on their way, and gathers one more.
 */
export async function putStream(
  bucket: Bucket,
  path: string,
  stream: Readable,
  { partSize, concurrency, memory }: PutStreamSettings,
  options: Resolved<PutStreamOptions>,
): Promise<WriteResult> {
  // One PUT or a multipart upload: which, only the stream's end tells.
  const conditions = await bucket.conditions.fieldsFor('put', options, options)
  await bucket.conditions.fieldsFor('complete', options, options)
  const queueSize = Math.max(1, Math.min(concurrency, Math.floor(memory.limit / partSize) - 1))
  const releaseMemory = await memory.hold((queueSize + 1) * partSize, options.signal)
  const client = new StreamClient(bucket, options)
  const store = async (): Promise<WriteResult> => {
    const { Upload } = await libStorage()
    const upload = new Upload({
      client: client.asClient(),
      params: {
        Bucket: bucket.name,
        Key: bucket.keys.key(path),
        Body: stream,
        ...bucket.settings,
        ...metadataInput(options.metadata),
        ...conditions,
      },
      partSize,
      queueSize,
      leavePartsOnError: false,
    })
    upload.on('httpUploadProgress', ({ loaded }) => options.onProgress?.(loaded ?? 0))
    const { ETag } = await upload.done()
    await client.removeMarker()
    return { revision: ETag }
  }
  try {
    return await bucket.run(store, options, path)
  } catch (error) {
    stream.destroy()
    throw isStorageError(error) ? preconditionError(error, options, path) : error
  } finally {
    releaseMemory()
  }
}

/**
 * Client of one stream. Its requests end with the call's signal: `Upload` has an `abort` of its own, but that leaves requests
 * running, so a PUT would still put the object in place. And its multipart upload is marked as one that nobody else goes on with.
 */
class StreamClient {
  readonly #bucket: Bucket
  readonly #signal: AbortSignal | undefined
  #uploadId: string | undefined

  constructor(bucket: Bucket, { signal }: CallOptions) {
    this.#bucket = bucket
    this.#signal = signal
  }

  get #options(): { abortSignal?: AbortSignal } {
    return this.#signal ? { abortSignal: this.#signal } : {}
  }

  asClient(): S3Client {
    const { client } = this.#bucket
    const send = (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
      if (command instanceof CreateMultipartUploadCommand) return this.#create(command)
      // What discards the parts must run.
      if (command instanceof AbortMultipartUploadCommand) return this.#discard(command)
      return client.send(command, this.#options)
    }
    return Object.create(client, { send: { value: send } }) as S3Client
  }

  /** Removes the marker of an upload that is complete. One that stays is for a purge. */
  async removeMarker(): Promise<void> {
    const id = this.#uploadId
    if (id !== undefined) await cleanUp({ signal: this.#signal }, options => unmarkOwned(this.#bucket, id, options))
  }

  /** Creates the upload. One that was cut off and takes effect has no part, and is for a purge. */
  async #create(command: CreateMultipartUploadCommand): Promise<unknown> {
    const { client, name } = this.#bucket
    const answer = await client.send(command, this.#options)
    const { UploadId } = answer
    if (UploadId === undefined) return answer
    try {
      await markOwned(this.#bucket, UploadId, { signal: this.#signal })
      this.#uploadId = UploadId
      return answer
    } catch (error) {
      await this.#discard(new AbortMultipartUploadCommand({ Bucket: name, Key: command.input.Key, UploadId }))
      throw error
    }
  }

  /** Discards the upload, and then its marker: one that could not be discarded must stay marked. */
  #discard(command: AbortMultipartUploadCommand): Promise<unknown> {
    const { UploadId = '' } = command.input
    return cleanUp({ signal: this.#signal }, async options => {
      await this.#bucket.client.send(command, options.signal ? { abortSignal: options.signal } : {})
      await unmarkOwned(this.#bucket, UploadId, options)
    })
  }
}
