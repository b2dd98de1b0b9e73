import { setMaxListeners } from 'node:events'
import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import type { CallOptions } from '@longshore/middleware-core'
import { MAX_SOCKETS } from './client/client.ts'
import { patientClient } from './client/patient-client.ts'
import { incompleteAnswer, s3Error } from './errors.ts'
import { KeyMapper } from './keys.ts'
import { BodySlots } from './objects/body-slots.ts'
import { ConditionSupport } from './objects/conditions.ts'
import type { CheckedS3Options } from './options.ts'
import { serverOf } from './server.ts'

/** How objects are stored: the options that ride along with everything that creates one. */
export interface ObjectSettings {
  ContentType: string
  StorageClass?: Exclude<CheckedS3Options['storageClass'], 'NONE'>
  ServerSideEncryption?: 'AES256' | 'aws:kms'
  SSEKMSKeyId?: string
  ACL?: Exclude<CheckedS3Options['objectAcl'], undefined>
}

/** Bodies of objects that may be open at once: the rest of the client's sockets is for everything else. */
const MAX_OPEN_BODIES = 0.75 * MAX_SOCKETS

/** Where an object lies, and the path that errors about it name. */
export interface ObjectRef {
  readonly key: string
  readonly path: string
}

/** One bucket as this driver sees it: the client, the key space and the settings of new objects. */
export class Bucket {
  readonly client: S3Client
  readonly name: string
  readonly keys: KeyMapper
  readonly settings: ObjectSettings
  readonly conditions: ConditionSupport
  readonly isAmazon: boolean
  readonly bodies = new BodySlots(MAX_OPEN_BODIES)
  #patientClient: S3Client | undefined

  constructor(client: S3Client, options: CheckedS3Options) {
    this.client = client
    this.name = options.bucket
    this.keys = new KeyMapper(options.rootDirectory)
    this.settings = objectSettings(options)
    this.isAmazon = serverOf(options).isAmazon
    this.conditions = new ConditionSupport(this, this.isAmazon)
  }

  /** The client for requests that a server works on for long before it answers: see {@link patientClient}. */
  get patientClient(): S3Client {
    this.#patientClient ??= patientClient(this.client)
    return this.#patientClient
  }

  /** Where the file at `path` lies. */
  place(path: string): ObjectRef {
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
  if (answer.ContentLength === undefined) throw incompleteAnswer('HeadObject', 'Content-Length', path)
  return answer
}

function objectSettings(options: CheckedS3Options): ObjectSettings {
  const settings: ObjectSettings = { ContentType: 'application/octet-stream' }
  if (options.storageClass !== 'NONE') settings.StorageClass = options.storageClass
  if (options.encrypt) {
    settings.ServerSideEncryption = options.keyId === undefined ? 'AES256' : 'aws:kms'
    if (options.keyId !== undefined) settings.SSEKMSKeyId = options.keyId
  }
  if (options.objectAcl) settings.ACL = options.objectAcl
  return settings
}
