import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { unusableBucket } from './bucket-name.ts'
import { MAX_BUFFERED_PART_SIZE } from './multipart/parts.ts'
import { serverOf } from './server.ts'

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte

/** Size of a part that is not the last one: 5 MiB to 5 GiB ([S3 quotas](https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)). */
const partSize = { min: 5 * mebibyte, max: 5 * gibibyte, unit: 'bytes' }

const storageClasses = [
  'NONE',
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'OUTPOSTS',
  'GLACIER_IR',
  'EXPRESS_ONEZONE',
] as const

const objectAcls = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const

const logLevels = [
  'off',
  'debug',
  'debugwithsigning',
  'debugwithhttpbody',
  'debugwithrequestretries',
  'debugwithrequesterrors',
  'debugwitheventstreambody',
] as const

/** Storage class of new objects; `NONE` sends none, for servers that know no such header. */
export type StorageClass = (typeof storageClasses)[number]

/** One of S3's canned access control lists. */
export type ObjectAcl = (typeof objectAcls)[number]

/** Detail of the log on stderr. */
export type LogLevel = (typeof logLevels)[number]

/** Options of the S3 driver: those of Distribution's `s3` driver, by its names, then Longshore's own. */
export interface S3Options {
  /** Access key ID, together with `secretKey`. Default: the SDK's chain of credentials (environment, role, IRSA, ECS, ...). */
  accessKey?: string | undefined
  /** Secret access key that belongs to `accessKey`. */
  secretKey?: string | undefined
  /** Session token of temporary credentials, beside `accessKey` and `secretKey`. */
  sessionToken?: string | undefined
  /** AWS region of the bucket, such as `eu-central-1`. Required unless `regionEndpoint` is given; Amazon's own endpoints name it. */
  region?: string | undefined
  /**
   * Host or URL of another server than Amazon S3, such as `https://s3.example.com` or `minio:9000`, or of an endpoint of Amazon's
   * own, such as that of a VPC. Default: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` of the environment, else Amazon S3.
   */
  regionEndpoint?: string | undefined
  /** Scheme, host and port that presigned URLs name. Default: those of the endpoint. */
  redirectEndpoint?: string | URL | undefined
  /** True: the bucket stands in the path of requests, not in the host. Default false. */
  forcePathStyle?: boolean | undefined
  /** Name of the bucket, which must exist, or the ARN of an access point in one region. No directory bucket. Required. */
  bucket: string
  /** True: new objects are encrypted with SSE-S3, or with SSE-KMS where `keyId` is given. Default false. */
  encrypt?: boolean | undefined
  /** KMS key that encrypts new objects. Ignored unless `encrypt` is true. */
  keyId?: string | undefined
  /** HTTPS where `regionEndpoint` names no scheme. Default true. */
  secure?: boolean | undefined
  /** True: any TLS certificate is accepted. Default false. */
  skipVerify?: boolean | undefined
  /** False: signature version 2, for servers that know no other; not on Amazon S3. Default true. */
  v4Auth?: boolean | undefined
  /** Size of an upload's parts in bytes: 5 MiB to 5 GiB, or Node's largest buffer (4 GiB in Node 20). Default 10 MiB. */
  chunkSize?: number | undefined
  /** Size of a copy's parts in bytes, 5 MiB to 5 GiB. Default 32 MiB. */
  multipartCopyChunkSize?: number | undefined
  /** Parts of one copy that are under way at once, 1 to 10,000. Default 100. */
  multipartCopyMaxConcurrency?: number | undefined
  /**
   * Size in bytes above which objects are copied in parts, 0 to 5 GiB. Default: 32 MiB on Amazon S3, as in Distribution;
   * 1 GiB elsewhere.
   */
  multipartCopyThresholdSize?: number | undefined
  /** Prefix of all keys, such as `registry/`. Default: none. */
  rootDirectory?: string | undefined
  /** Storage class of new objects; `NONE` sends none. Default `STANDARD`. */
  storageClass?: StorageClass | undefined
  /** Text that is added to the user agent of requests. */
  userAgent?: string | undefined
  /** True: Amazon's endpoints for IPv4 and IPv6. Not with `regionEndpoint`. Default: `AWS_USE_DUALSTACK_ENDPOINT` of the environment. */
  useDualstack?: boolean | undefined
  /** True: S3 Transfer Acceleration. Not with `regionEndpoint`. Default false. */
  accelerate?: boolean | undefined
  /** True: Amazon's FIPS endpoints. Not with `regionEndpoint`. Default: `AWS_USE_FIPS_ENDPOINT` of the environment. */
  useFipsEndpoint?: boolean | undefined
  /** Canned access control list of new objects. Default: none is sent. */
  objectAcl?: ObjectAcl | undefined
  /** Detail of a line on stderr for each try of a request; no secret and no content is logged. Default `off`. */
  logLevel?: LogLevel | undefined
  /** Parts of one upload that are under way at once, 1 to 100. Default 4. */
  uploadConcurrency?: number | undefined
  /**
   * Bytes that all uploads of the process together may hold in memory, 5 MiB to 64 GiB; the largest of several drivers
   * counts. Default 64 MiB.
   */
  uploadMemory?: number | undefined
  /**
   * Rule for the size of parts. `equal`: all but the last are `chunkSize`, up to 97 GiB at 10 MiB. `growing`: one chunk more
   * every 1,000 parts, up to 537 GiB. Default: `growing`, and `equal` on R2.
   */
  partSizing?: 'equal' | 'growing' | undefined
  /** Retry mode of the SDK; `adaptive` also slows requests down. Default `standard`. */
  retryMode?: 'standard' | 'adaptive' | undefined
  /** Tries of each request, the first one included, 1 to 20. Default 4. */
  maxAttempts?: number | undefined
  /** Time without a byte moving after which a try counts as failed, with its unit. Default `60s`. */
  requestTimeout?: string | undefined
  /** Lifetime of presigned URLs, up to `7d`; that of the credentials ends them earlier. Default `20m`. */
  urlExpiry?: string | undefined
  /** True: requests carry the SDK's checksums. Default: true on Amazon S3, false elsewhere, where many servers fail on them. */
  checksums?: boolean | undefined
}

/** Schema of {@link S3Options}, with defaults and limits. */
export const s3Options = z
  .object({
    accessKey: z.optional(option.secret()),
    secretKey: z.optional(option.secret()),
    sessionToken: z.optional(option.secret()),
    region: z.optional(option.text()),
    regionEndpoint: z.optional(option.text()),
    redirectEndpoint: z.optional(option.url()),
    forcePathStyle: z._default(option.boolean(), false),
    bucket: option.text(),
    encrypt: z._default(option.boolean(), false),
    keyId: z.optional(option.text()),
    secure: z._default(option.boolean(), true),
    skipVerify: z._default(option.boolean(), false),
    v4Auth: z._default(option.boolean(), true),
    chunkSize: z._default(option.integer({ ...partSize, max: MAX_BUFFERED_PART_SIZE }), 10 * mebibyte),
    multipartCopyChunkSize: z._default(option.integer(partSize), 32 * mebibyte),
    multipartCopyMaxConcurrency: z._default(option.integer({ min: 1, max: 10_000 }), 100),
    multipartCopyThresholdSize: z.optional(option.integer({ min: 0, max: 5 * gibibyte, unit: 'bytes' })),
    rootDirectory: z._default(option.text(), ''),
    storageClass: z._default(option.choice(storageClasses), 'STANDARD'),
    userAgent: z.optional(option.text()),
    useDualstack: z.optional(option.boolean()),
    accelerate: z._default(option.boolean(), false),
    useFipsEndpoint: z.optional(option.boolean()),
    objectAcl: z.optional(option.choice(objectAcls)),
    logLevel: z._default(option.choice(logLevels), 'off'),
    uploadConcurrency: z._default(option.integer({ min: 1, max: 100 }), 4),
    uploadMemory: z._default(option.integer({ min: 5 * mebibyte, max: 64 * gibibyte, unit: 'bytes' }), 64 * mebibyte),
    partSizing: z.optional(option.choice(['equal', 'growing'])),
    retryMode: z._default(option.choice(['standard', 'adaptive']), 'standard'),
    maxAttempts: z._default(option.integer({ min: 1, max: 20 }), 4),
    requestTimeout: z._default(option.duration(), 60_000),
    urlExpiry: z._default(option.duration(), 20 * 60_000),
    checksums: z.optional(option.boolean()),
  })
  .check(
    z.superRefine((options, context) => {
      const refuse = (name: string, message: string): void => {
        context.addIssue({ code: 'custom', path: [name], message })
      }
      if ((options.accessKey === undefined) !== (options.secretKey === undefined)) {
        const missing = options.accessKey === undefined ? 'accessKey' : 'secretKey'
        refuse(
          missing,
          'missing; accepted: both accessKey and secretKey, or neither for the credentials of the environment',
        )
      }
      if (options.sessionToken !== undefined && options.accessKey === undefined) {
        refuse('sessionToken', 'given without accessKey and secretKey; accepted: all three, or none')
      }
      const server = serverOf(options)
      if (options.region === undefined && server.endpoint === undefined) {
        refuse(
          'region',
          'missing; accepted: the name of an AWS region such as eu-central-1, unless regionEndpoint is given',
        )
      }
      if (server.endpoint !== undefined && !URL.canParse(server.endpoint)) {
        refuse('regionEndpoint', 'not a host or URL; accepted: such as https://s3.example.com or minio:9000')
      } else if (server.endpoint !== undefined && /@/.test(new URL(server.endpoint).href)) {
        refuse('regionEndpoint', 'holds a user name or password; accepted: accesskey and secretkey for those')
      }
      const isArn = options.bucket.startsWith('arn:')
      const unusable = unusableBucket(options.bucket)
      if (unusable !== undefined) {
        refuse('bucket', `${unusable}; accepted: a general purpose bucket, or the ARN of an access point in one region`)
      } else if (isArn && options.forcePathStyle) {
        refuse('forcePathStyle', 'found true with an ARN as bucket; accepted: false, as access points have a host each')
      } else if (isArn && options.accelerate) {
        refuse('accelerate', 'found true with an ARN as bucket; accepted: false, as access points have no acceleration')
      }
      if (server.isAmazon && /^(?:EXPRESS_ONEZONE|OUTPOSTS)$/.test(options.storageClass)) {
        const where = options.storageClass === 'OUTPOSTS' ? 'S3 on Outposts' : 'directory buckets'
        refuse('storageClass', `found ${options.storageClass}, which only ${where} have; accepted: one of the others`)
      }
      for (const name of ['accelerate', 'useDualstack', 'useFipsEndpoint'] as const) {
        if (options.regionEndpoint === undefined || !options[name]) continue
        refuse(name, 'found true with a regionEndpoint; accepted: true on Amazon S3 only')
      }
      if (options.urlExpiry > 7 * 24 * 3_600_000)
        refuse('urlExpiry', 'longer than signature V4 allows; accepted: up to 7d')
      if (!options.v4Auth && server.isAmazon) {
        refuse(
          'v4Auth',
          'found false on Amazon S3; accepted there: true. Signature V2 needs a regionEndpoint of another server',
        )
      }
      const redirect = options.redirectEndpoint
      if (redirect && (redirect.pathname !== '/' || redirect.search || redirect.hash)) {
        refuse('redirectEndpoint', 'holds a path or query; accepted: scheme, host and port only')
      }
      if (redirect && (redirect.username || redirect.password)) {
        refuse('redirectEndpoint', 'holds a user name or password; accepted: scheme, host and port only')
      }
    }),
  )

/** The S3 driver's options once they are checked. */
export type CheckedS3Options = z.output<typeof s3Options>
