import { randomBytes, randomUUID } from 'node:crypto'
import { HeadBucketCommand } from '@aws-sdk/client-s3'
import { type StorageDriver, checkOptions } from '@longshore/middleware-core'
import { type CheckContext, type FoundLayer, skewOf } from '@longshore/middleware-core/cli'
import { Bucket } from '../../bucket.ts'
import { createClient } from '../../client/client.ts'
import { hostOf, serializeRequest } from '../../client/serialize-request.ts'
import { MultipartUpload } from '../../multipart/multipart-upload.ts'
import { type CheckedS3Options, s3Options } from '../../options.ts'
import { type HttpAnswer, sendRequest } from './http-request.ts'

/** First answer of the server, to a request that needs no credentials. */
export interface Greeting {
  readonly answer: HttpAnswer
  /** Seconds by which this machine's clock is ahead; undefined where the answer has no Date. */
  readonly skewSeconds: number | undefined
}

/** Milliseconds in which S3 has to answer one request of a check. */
const ANSWER_MS = 4000

/** Names of the files that checks write; an upload is one where it cannot be aborted. */
const ownFiles = ['copy', 'parts', 'listed', 'aborted', 'put-by-url', 'put-by-form'] as const

/** Checked options of a layer. */
function settingsOf({ options, where }: FoundLayer): CheckedS3Options {
  return checkOptions(s3Options, options, { where, locate: () => undefined })
}

/** A bucket as the checks ask about it: the driver's own client and requests, with less patience. */
export class Probe {
  readonly options: CheckedS3Options
  readonly bucket: Bucket
  readonly storage: StorageDriver
  readonly content = randomBytes(1024)
  readonly #scratch: string
  readonly #noteFile: CheckContext['noteFile']
  #greeting: Promise<Greeting> | undefined
  #written: Promise<unknown> | undefined

  constructor({ layer, scratch, noteFile }: CheckContext, storage: StorageDriver) {
    // Two tries: the SDK sets its clock by the answer to the first.
    this.options = { ...settingsOf(layer), maxAttempts: 2, requestTimeout: ANSWER_MS, logLevel: 'off' }
    this.bucket = new Bucket(createClient(this.options).client, this.options)
    this.storage = storage
    this.#scratch = scratch
    this.#noteFile = noteFile
  }

  /** Paths of the files that the checks write with requests of their own. */
  get ownFiles(): [string, ...string[]] {
    const [first, ...others] = ownFiles
    return [this.path(first), ...others.map(name => this.path(name))]
  }

  /** Path of a file of the checks. */
  path(name: (typeof ownFiles)[number] | 'object'): string {
    return `${this.#scratch}/s3-${name}`
  }

  /** Path of a file that a check is about to write. */
  newFile(name: (typeof ownFiles)[number]): string {
    const path = this.path(name)
    this.#noteFile(path)
    return path
  }

  /** Path of the file that {@link Probe.writeObject} writes. */
  get object(): string {
    return this.path('object')
  }

  /** Prefix of the keys of all files of the checks. */
  get prefix(): string {
    return this.bucket.keys.prefix(this.#scratch)
  }

  /** Signal that also fires when S3 has had enough time to answer. */
  limited(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
  }

  /** Writes an object of {@link Probe.content}, once. */
  writeObject(signal: AbortSignal): Promise<unknown> {
    // By the driver, so that it is known there is something to remove.
    this.#written ??= this.storage.putContent(this.object, this.content, { signal: this.limited(signal) })
    return this.#written
  }

  /** URL of the server by which the bucket is asked, without a path. */
  async address(): Promise<string> {
    // Where requests go is no matter of credentials, and there may be none.
    const anyone = { accessKey: 'none', secretKey: 'none', sessionToken: undefined }
    const { client } = createClient({ ...this.options, ...anyone })
    const { request } = await serializeRequest(client, new HeadBucketCommand({ Bucket: this.bucket.name }))
    client.destroy()
    return `${request.protocol}//${hostOf(request)}/`
  }

  /** Answer to a request without credentials, asked once. */
  greeting(signal: AbortSignal): Promise<Greeting> {
    this.#greeting ??= this.#greet(signal)
    return this.#greeting
  }

  /** True for Amazon S3, and for what stands in front of it. */
  async isAmazon(signal: AbortSignal): Promise<boolean> {
    if (this.bucket.isAmazon) return true
    const { answer } = await this.greeting(signal)
    return answer.headers.server === 'AmazonS3'
  }

  /**
   * Runs `use` with a new multipart upload, and ends this, whatever happens: it is aborted, or where that is refused completed, so that
   * it becomes a file that is removed with the others.
   */
  async withUpload<T>(
    name: 'parts' | 'listed' | 'aborted',
    signal: AbortSignal,
    use: (upload: MultipartUpload) => Promise<T>,
  ): Promise<T> {
    const ref = this.bucket.ref(this.newFile(name))
    const token = randomUUID()
    const options = { signal: this.limited(signal) }
    const upload = await MultipartUpload.create(this.bucket, ref, { token, hasOwnParts: true }, options)
    try {
      return await use(upload)
    } finally {
      await this.#end(upload, token)
    }
  }

  async #end(upload: MultipartUpload, token: string): Promise<void> {
    // Also when the time of the check is up.
    const options = { signal: AbortSignal.timeout(ANSWER_MS) }
    try {
      await upload.abort(options)
    } catch {
      const complete = async (): Promise<unknown> =>
        upload.complete([await upload.uploadPart(1, this.content, options)], { token }, options)
      // Where neither is possible, the check has told why.
      await complete().catch(() => {})
    }
  }

  async #greet(signal: AbortSignal): Promise<Greeting> {
    const url = await this.address()
    const sentAt = Date.now()
    // Not HEAD: Ceph answers that with a body, at which Node gives up the connection.
    const answer = await sendRequest(url, { skipVerify: this.options.skipVerify, signal })
    return { answer, skewSeconds: skewOf(sentAt, answer.headers) }
  }
}
