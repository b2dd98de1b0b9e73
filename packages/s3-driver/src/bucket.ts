import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import type { CallOptions } from '@longshore/middleware-core'
import { MAX_SOCKETS } from './client/client.ts'
import { longTimeoutClient } from './client/long-timeout-client.ts'
import { incompleteResponse, s3Error } from './errors.ts'
import { KeyMapper } from './keys.ts'
import { BodySlots } from './objects/body-slots.ts'
import { ConditionSupport } from './objects/conditions.ts'
import { type ObjectSettings, objectSettings } from './objects/settings.ts'
import type { CheckedS3Options } from './options.ts'
import { serverOf } from './server.ts'

/** Bodies of objects that may be open at once: the rest of the client's sockets is for everything else. */
const MAX_OPEN_BODIES = 0.75 * MAX_SOCKETS

/** Key of an object, and the path that errors about it name. */
export interface ObjectRef {
  readonly key: string
  readonly path: string
}

/** One bucket as this driver sees it: the client, the mapping of keys and the settings of new objects. */
export class Bucket {
  readonly client: S3Client
  readonly name: string
  readonly keys: KeyMapper
  readonly settings: ObjectSettings
  readonly conditions: ConditionSupport
  readonly isAmazon: boolean
  readonly bodies = new BodySlots(MAX_OPEN_BODIES)
  #longTimeoutClient: S3Client | undefined

  constructor(client: S3Client, options: CheckedS3Options) {
    this.client = client
    this.name = options.bucket
    this.keys = new KeyMapper(options.rootDirectory)
    this.settings = objectSettings(options)
    this.isAmazon = serverOf(options).isAmazon
    const probes = {
      settings: this.settings,
      newObject: () => ({ Bucket: this.name, Key: this.keys.temporary('/condition', randomUUID()) }),
      send: (command: object, call: CallOptions) =>
        this.run(o => client.send(command as Parameters<typeof client.send>[0], o), call),
    }
    this.conditions = new ConditionSupport(probes, this.isAmazon)
  }

  /** The client for requests that a server works on for long before it answers: see {@link longTimeoutClient}. */
  get longTimeoutClient(): S3Client {
    this.#longTimeoutClient ??= longTimeoutClient(this.client)
    return this.#longTimeoutClient
  }

  /** Object of the file at `path`. */
  ref(path: string): ObjectRef {
    return { key: this.keys.key(path), path }
  }

  /**
   * Runs one request. Errors become the contract's; `path` is what they are about. The client's own `send` cannot be typed
   * over a union of commands, so callers pass the call: `bucket.run(o => client.send(command, o), options, path)`.
   */
  async run<T>(
    request: (options: { abortSignal?: AbortSignal }) => Promise<T>,
    { signal }: CallOptions,
    path?: string,
  ): Promise<T> {
    // Each request under way listens to it; Node takes more than ten listeners for a leak and says so on stderr.
    if (signal) setMaxListeners(0, signal)
    try {
      return await request(signal ? { abortSignal: signal } : {})
    } catch (error) {
      throw signal?.aborted ? signal.reason : s3Error(error, path)
    }
  }
}

/**
 * Asks S3 about an object without its content: one HEAD. `PATH_NOT_FOUND` when there is none. An answer without a length is
 * an error: nobody may take the object for an empty one.
 */
export async function headObject(
  bucket: Bucket,
  { key, path }: ObjectRef,
  options: CallOptions,
): Promise<HeadObjectCommandOutput> {
  const command = new HeadObjectCommand({ Bucket: bucket.name, Key: key })
  const answer = await bucket.run(o => bucket.client.send(command, o), options, path)
  if (answer.ContentLength === undefined) throw incompleteResponse('HeadObject', 'Content-Length', path)
  return answer
}
