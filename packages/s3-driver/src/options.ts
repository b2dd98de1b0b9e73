import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { MAX_BUFFERED_PART_SIZE } from './multipart/parts.ts'

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte

/** What S3 takes as a part that is not the last one: 5 MiB to 5 GiB ([S3 quotas](https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)). */
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

/**
 * The S3 driver's options: those of Distribution's `s3` driver, by its names, then Longshore's own. The package's README
 * says what each does; defaults and limits stand here.
 */
export const S3Options = z
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
    /** Default: 32 MiB on Amazon S3, as in Distribution; 1 GiB elsewhere: see `copySettings`. */
    multipartCopyThresholdSize: z.optional(option.integer({ min: 0, max: 5 * gibibyte, unit: 'bytes' })),
    rootDirectory: z._default(option.text(), ''),
    storageClass: z._default(option.choice(storageClasses), 'STANDARD'),
    userAgent: z.optional(option.text()),
    useDualstack: z._default(option.boolean(), false),
    accelerate: z._default(option.boolean(), false),
    useFipsEndpoint: z._default(option.boolean(), false),
    objectAcl: z.optional(option.choice(objectAcls)),
    logLevel: z._default(option.choice(logLevels), 'off'),

    /** Parts of one upload that are under way at once. */
    uploadConcurrency: z._default(option.integer({ min: 1, max: 100 }), 4),
    /** Bytes that all uploads of the process together may hold in memory. */
    uploadMemory: z._default(option.integer({ min: 5 * mebibyte, max: 64 * gibibyte, unit: 'bytes' }), 64 * mebibyte),
    /** `equal`: all parts but the last are chunksize. `growing`: see `parts.ts`. Default: growing, and equal on R2. */
    partSizing: z.optional(option.choice(['equal', 'growing'])),
    retryMode: z._default(option.choice(['standard', 'adaptive']), 'standard'),
    /** Tries of each request, the first one included. */
    maxAttempts: z._default(option.integer({ min: 1, max: 20 }), 4),
    /** Milliseconds without a byte moving after which a request counts as failed. */
    requestTimeout: z._default(option.duration(), 60_000),
    /** How long presigned URLs work, unless the credentials expire earlier. At most 7 days (signature V4's own limit). */
    urlExpiry: z._default(option.duration(), 20 * 60_000),
    /** Whether requests carry the SDK's checksums. Default: on for Amazon S3, off for other endpoints, many of which fail on them. */
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
          'missing; accepted: both accesskey and secretkey, or neither for the credentials of the environment',
        )
      }
      if (options.sessionToken !== undefined && options.accessKey === undefined) {
        refuse('sessionToken', 'given without accesskey and secretkey; accepted: all three, or none')
      }
      if (options.region === undefined && options.regionEndpoint === undefined) {
        refuse(
          'region',
          'missing; accepted: the name of an AWS region such as eu-central-1, unless regionendpoint is given',
        )
      }
      if (options.regionEndpoint !== undefined && !URL.canParse(endpointUrl(options.regionEndpoint, options.secure))) {
        refuse('regionEndpoint', 'not a host or URL; accepted: such as https://s3.example.com or minio:9000')
      }
      for (const name of ['accelerate', 'useDualstack', 'useFipsEndpoint'] as const) {
        if (options.regionEndpoint === undefined || !options[name]) continue
        refuse(name, 'found true with a regionendpoint; accepted: true on Amazon S3 only')
      }
      if (options.urlExpiry > 7 * 24 * 3_600_000)
        refuse('urlExpiry', 'longer than signature V4 allows; accepted: up to 7d')
      if (!options.v4Auth && isAmazon(options)) {
        refuse(
          'v4Auth',
          'found false on Amazon S3; accepted there: true. Signature V2 needs a regionendpoint of another server',
        )
      }
      const redirect = options.redirectEndpoint
      if (redirect && (redirect.pathname !== '/' || redirect.search || redirect.hash)) {
        refuse('redirectEndpoint', 'holds a path or query; accepted: scheme, host and port only')
      }
    }),
  )

/** The S3 driver's options once they are checked. */
export type CheckedS3Options = z.output<typeof S3Options>

/** Whether requests go to Amazon S3 itself. */
export function isAmazon({ regionEndpoint }: { regionEndpoint?: string | undefined }): boolean {
  return regionEndpoint === undefined || /s3[.-][^/]*amazonaws\.com/.test(regionEndpoint)
}

/** An endpoint with a scheme: its own, or the one that `secure` asks for. */
export function endpointUrl(endpoint: string, secure: boolean): string {
  return endpoint.includes('://') ? endpoint : `${secure ? 'https' : 'http'}://${endpoint}`
}
