import { HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { checkOptions } from '@longshore/middleware-core'
import type { CheckContext } from '@longshore/middleware-core/cli'
import { createClient } from '../../client/client.ts'
import { type CheckedS3Options, s3Options } from '../../options.ts'
import { type Refusal, refusalOf } from './answer.ts'

/** Milliseconds for which a server may be silent: a person waits. */
const TIMEOUT_MS = 4000

/** First answer of the server, from which several checks read. */
export interface FirstAnswer {
  /** Undefined where the bucket is there and may be seen. */
  readonly refusal: Refusal | undefined
  /** Region that the server tells of the bucket. */
  readonly region: string | undefined
  /** Difference of this machine's clock, in seconds; undefined where the server tells no time. */
  readonly skewSeconds: number | undefined
}

/** Bucket of a configuration, asked with its credentials and without retries. */
export class ExaminedBucket {
  readonly options: CheckedS3Options
  readonly client: S3Client
  readonly name: string
  #first: Promise<FirstAnswer> | undefined
  #headers: Readonly<Record<string, string>> = {}

  constructor({ layer }: CheckContext) {
    const { options, where } = layer
    this.options = checkOptions(s3Options, options, { where, locate: () => undefined })
    this.name = this.options.bucket
    const { client } = createClient({ ...this.options, maxAttempts: 1, requestTimeout: TIMEOUT_MS, logLevel: 'off' })
    this.client = client
    client.middlewareStack.add(
      next => async args => {
        const result = await next(args)
        const { headers } = Object(result.response) as { headers?: Record<string, string> }
        this.#headers = headers ?? {}
        return result
      },
      // Between the deserializer, which throws, and the wire.
      { step: 'deserialize', priority: 'low', name: 'keepHeaders' },
    )
  }

  /** Asks for the bucket, once. */
  first(signal: AbortSignal): Promise<FirstAnswer> {
    this.#first ??= this.#ask(signal)
    return this.#first
  }

  async #ask(abortSignal: AbortSignal): Promise<FirstAnswer> {
    const sentAt = Date.now()
    const refusal = await this.#refusal(abortSignal)
    abortSignal.throwIfAborted()
    const headers = refusal?.status === undefined && refusal ? {} : this.#headers
    const there = Date.parse(headers['date'] ?? '')
    const here = (sentAt + Date.now()) / 2
    return {
      refusal,
      region: headers['x-amz-bucket-region'],
      // A Date has whole seconds: half of one is the mean of what it leaves out.
      skewSeconds: Number.isNaN(there) ? undefined : Math.round((here - there - 500) / 1000),
    }
  }

  /** HEAD has no body to say why, so that what it refuses is asked for with GET as well. */
  async #refusal(abortSignal: AbortSignal): Promise<Refusal | undefined> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: this.name }), { abortSignal })
      return undefined
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.status === undefined || refusal.status === 404) return refusal
    }
    try {
      await this.client.send(new ListObjectsV2Command({ Bucket: this.name, MaxKeys: 1 }), { abortSignal })
      return undefined
    } catch (error) {
      return refusalOf(error)
    }
  }
}
