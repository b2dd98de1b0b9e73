import { setMaxListeners } from 'node:events'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenOnLoopback } from '../loopback-server.ts'
import type { Credentials } from '../signature/credentials.ts'
import { SpoolDirectory } from '../spool.ts'
import { type BucketSettings, newBucketSettings } from './bucket-settings.ts'
import { BucketView } from './bucket-view.ts'
import type { Answer, Cloud } from './call.ts'
import { bucketNamed } from './call.ts'
import { answerPreflight, corsHeaders, isPreflight } from './cors.ts'
import { S3Error, s3Error } from '../errors.ts'
import { Faults } from './faults.ts'
import { injectFault } from './inject-fault.ts'
import { CLOUDFRONT_CREDENTIALS, type Permissions, defaultPermissions } from './permissions/permissions.ts'
import { awsQuirks } from './quirks.ts'
import type { Quirks } from './quirks.ts'
import { cutConnection, errorAnswer, respond } from './respond.ts'
import { parseRequest } from './request.ts'
import type { S3Request } from './request.ts'
import { RequestLog } from './request-log.ts'
import type { RequestRecord } from './request-log.ts'
import { operate } from './operate.ts'
import { route } from './routes.ts'
import { Bucket } from './store.ts'

export interface S3Options {
  /** 0, the default, takes any free port. */
  port?: number
  /** Certificate of the endpoint and its key, PEM (see `certify`): it then listens for HTTPS alone. */
  tls?: { cert: string; key: string }
  /** Buckets that exist from the start; more can be created over the wire. */
  buckets?: readonly string[]
  /** Who may do everything; by default `localAccessKey` / `localSecretKey`. */
  credentials?: readonly Credentials[]
  /** Refuses signatures for another region and is what GetBucketLocation says. When absent every region is right. */
  region?: string
  /** Where a temporary folder for the contents is made, by default the system's. It is removed by `close`. */
  directory?: string
  /** Milliseconds before every request is looked at. */
  latency?: number
  /** How many request records are kept; 10,000 by default. The counts are of all. */
  keepRequests?: number
  /** Called when a request is answered or cut. */
  onRequest?: (record: RequestRecord) => void
  /**
   * Clock of the endpoint, milliseconds since the epoch, for signatures, the Date of answers and the times of objects. Default
   * `Date.now`.
   */
  now?: () => number
  /** IAM actions that are allowed; all by default, but for a distribution's. */
  permissions?: Partial<Permissions>
  /** Configuration of every bucket, where it is not that of a new one. */
  bucketSettings?: Partial<BucketSettings>
}

/** An S3 endpoint on this machine. */
export interface LocalS3 extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or `https:` where there is a certificate. */
  readonly endpoint: string
  readonly port: number
  readonly credentials: readonly Credentials[]
  readonly requests: RequestLog
  readonly faults: Faults
  /** How this server differs from AWS: assign to its fields, or `resetQuirks`. */
  readonly quirks: Quirks
  resetQuirks(): void
  readonly permissions: Permissions
  readonly bucketSettings: BucketSettings
  /** A look into a bucket, and a hand, that make no requests. Throws where there is no such bucket. */
  bucket(name: string): BucketView
  /** Ends every connection and removes every file. */
  close(): Promise<void>
}

export const LOCAL_CREDENTIALS: Credentials = {
  accessKeyId: 'localAccessKey',
  secretAccessKey: 'localSecretKey',
}

export async function startS3(options: S3Options = {}): Promise<LocalS3> {
  const credentials = options.credentials ?? [LOCAL_CREDENTIALS]
  const keys = new Map([...credentials, CLOUDFRONT_CREDENTIALS].map(entry => [entry.accessKeyId, entry]))
  const cloud: Cloud = {
    buckets: new Map((options.buckets ?? []).map(name => [name, new Bucket(name)])),
    quirks: awsQuirks(),
    bucketSettings: { ...newBucketSettings(), ...options.bucketSettings },
    permissions: { ...defaultPermissions(), ...options.permissions },
    spools: await SpoolDirectory.create(options.directory),
    region: options.region ?? 'us-east-1',
    now: options.now ?? Date.now,
  }
  const log = new RequestLog(options.keepRequests ?? 10_000)
  const faults = new Faults()
  const closing = new AbortController()
  // Every request that a fault delays listens.
  setMaxListeners(0, closing.signal)

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const pause = (milliseconds: number, when: 'before' | 'after') =>
      sleep(milliseconds, undefined, {
        signal: when === 'before' ? AbortSignal.any([closing.signal, left.signal]) : closing.signal,
      })
    const requestId = randomBytes(8).toString('hex').toUpperCase()
    const request = parse(message, response)
    const record = log.add(recordOf(message, request))
    if (!(request instanceof S3Error)) request.onBytes = count => (record.bytesIn += count)
    response.once('close', () => {
      record.milliseconds = Date.now() - record.startedAt
      options.onRequest?.(record)
    })
    let answer: Answer | 'cut'
    let cutAfter: number | undefined
    try {
      if (options.latency) await pause(options.latency, 'before')
      const fault = faults.for(record)
      if (fault?.kind === 'cut') cutAfter = fault.bytes
      answer = isPreflight(message)
        ? answerPreflight(message, cloud.bucketSettings.cors)
        : await injectFault(fault, () => perform(request), pause)
    } catch (error) {
      answer = errorAnswer(error, message, requestId)
      // The region, which SDKs look for here ("HeadBucket"; botocore's S3RegionRedirector).
      if (record.operation === 'HeadBucket' && cloud.buckets.has(record.bucket ?? '')) {
        answer.headers = { ...answer.headers, 'x-amz-bucket-region': cloud.region }
      }
    }
    if (answer === 'cut') {
      cutConnection(message)
      return
    }
    const { origin } = message.headers
    answer.headers = {
      ...answer.headers,
      date: new Date(cloud.now()).toUTCString(),
      ...corsHeaders(origin, message.method ?? '', cloud.bucketSettings.cors),
    }
    if (typeof answer.body === 'string') record.code = /<Error><Code>(\w+)/.exec(answer.body)?.[1]
    // A client that still waits to be asked for its body gets this answer instead, and must not send the body after it.
    const bodyAsked = !(request instanceof S3Error) && request.bodyAsked
    const closeAfterwards = message.headers.expect !== undefined && !bodyAsked
    await respond({ message, response, answer, record, requestId, cutAfter, closeAfterwards })
  }

  function parse(message: IncomingMessage, response: ServerResponse): S3Request | S3Error {
    try {
      return parseRequest(
        message,
        () => response.writeContinue(),
        name => cloud.buckets.has(name),
      )
    } catch (error) {
      return error instanceof S3Error ? error : s3Error('InvalidURI', String(error))
    }
  }

  async function perform(request: S3Request | S3Error): Promise<Answer> {
    if (request instanceof S3Error) throw request
    return operate(cloud, request, { keys, region: options.region })
  }

  const server = await listenOnLoopback(options.port ?? 0, handle, options.tls)
  const close = async () => {
    closing.abort()
    await server.close()
    await cloud.spools[Symbol.asyncDispose]()
  }
  return {
    endpoint: `${options.tls ? 'https' : 'http'}://127.0.0.1:${server.port}`,
    port: server.port,
    credentials,
    requests: log,
    faults,
    quirks: cloud.quirks,
    permissions: cloud.permissions,
    bucketSettings: cloud.bucketSettings,
    resetQuirks: () => void Object.assign(cloud.quirks, awsQuirks()),
    bucket: name => new BucketView(bucketNamed(cloud, name), cloud),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function recordOf(message: IncomingMessage, request: S3Request | S3Error): Omit<RequestRecord, 'sequence'> {
  const parsed = request instanceof S3Error ? undefined : request
  return {
    operation: (parsed && route(parsed)) ?? 'Unknown',
    method: message.method ?? '',
    target: message.url ?? '',
    bucket: parsed?.bucket,
    key: parsed?.key,
    headers: message.headers,
    status: undefined,
    code: undefined,
    bytesIn: 0,
    bytesOut: 0,
    startedAt: Date.now(),
    milliseconds: undefined,
  }
}
