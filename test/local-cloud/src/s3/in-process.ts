import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { S3Error } from '../errors.ts'
import type { Credentials } from '../signature/credentials.ts'
import { SpoolDirectory } from '../spool.ts'
import { newBucketSettings } from './bucket-settings.ts'
import { BucketView } from './bucket-view.ts'
import { type Answer, type Cloud, bucketNamed } from './call.ts'
import { operate } from './operate.ts'
import { defaultPermissions } from './permissions/permissions.ts'
import { type Quirks, awsQuirks } from './quirks.ts'
import { parseRequest } from './request.ts'
import { errorAnswer } from './respond.ts'
import { Bucket } from './store.ts'

/** A request as a client would send it. Names of headers are lower-case. */
export interface InProcessRequest {
  method: string
  /** Path with the query. */
  url: string
  headers: Record<string, string>
  body: Buffer
}

export interface InProcessAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/**
 * The operations of {@link startS3} on one bucket, without sockets and, for contents up to 32 KiB, without files: all that one
 * request does is done in microtasks. Needs a folder for larger contents, which the caller removes.
 */
export class InProcessS3 {
  readonly bucket: BucketView
  readonly quirks: Quirks = awsQuirks()
  readonly #cloud: Cloud
  readonly #keys: ReadonlyMap<string, Credentials>

  constructor(options: { bucket: string; region: string; credentials: Credentials; spools: SpoolDirectory }) {
    const { bucket, region, credentials, spools } = options
    this.#cloud = {
      buckets: new Map([[bucket, new Bucket(bucket)]]),
      quirks: this.quirks,
      bucketSettings: newBucketSettings(),
      permissions: defaultPermissions(),
      spools,
      region,
      now: () => Date.now(),
    }
    this.#keys = new Map([[credentials.accessKeyId, credentials]])
    this.bucket = new BucketView(bucketNamed(this.#cloud, bucket), this.#cloud)
  }

  /** Does what the request asks for, and gives the answer. */
  async send({ body, ...head }: InProcessRequest): Promise<InProcessAnswer> {
    let answer: Answer
    try {
      const message = Object.assign(Readable.from(body.length > 0 ? [body] : []), head)
      const request = parseRequest(
        message,
        () => {},
        name => this.#cloud.buckets.has(name),
      )
      answer = await operate(this.#cloud, request, { keys: this.#keys, region: this.#cloud.region })
    } catch (error) {
      // Anything else is a fault of this program, which must not look like one of S3's.
      if (!(error instanceof S3Error)) throw error
      answer = errorAnswer(error, head, 'IN-PROCESS')
    }
    return { status: answer.status, headers: this.#headers(answer), body: await bodyOf(answer, head.method) }
  }

  #headers(answer: Answer): Record<string, string> {
    const given = Object.entries(answer.headers ?? {}).filter(([, value]) => value !== undefined)
    return {
      ...Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
      date: new Date(this.#cloud.now()).toUTCString(),
    }
  }
}

async function bodyOf({ body = '' }: Answer, method: string): Promise<Buffer> {
  if (typeof body === 'string') return Buffer.from(method === 'HEAD' ? '' : body)
  try {
    return method === 'HEAD' ? Buffer.alloc(0) : await buffer(body.content.read(body.start, body.end))
  } finally {
    body.content.release()
  }
}
