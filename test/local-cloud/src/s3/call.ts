import type { Authentication } from '../signature/authentication.ts'
import type { SpoolDirectory } from '../spool.ts'
import type { Content } from './content.ts'
import { s3Error } from '../errors.ts'
import type { BucketSettings } from './bucket-settings.ts'
import type { Permissions } from './permissions/permissions.ts'
import type { Quirks } from './quirks.ts'
import type { S3Request } from './request.ts'
import type { Bucket } from './store.ts'

/** What every operation works on. */
export interface Cloud {
  buckets: Map<string, Bucket>
  quirks: Quirks
  bucketSettings: BucketSettings
  permissions: Permissions
  spools: SpoolDirectory
  region: string
  /** Milliseconds since the epoch. */
  now: () => number
}

/** One authenticated request. */
export interface Call {
  request: S3Request
  authentication: Authentication
  cloud: Cloud
}

export interface Answer {
  status: number
  headers?: Record<string, string | number | undefined>
  /** Text, or a stretch of a content that was retained for it. */
  body?: string | { content: Content; start: number; end: number }
}

export type Operation = (call: Call) => Answer | Promise<Answer>

export function bucketOf(call: Call): Bucket {
  return bucketNamed(call.cloud, call.request.bucket ?? '')
}

export function bucketNamed(cloud: Cloud, name: string): Bucket {
  const bucket = cloud.buckets.get(name)
  if (!bucket) throw s3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name })
  return bucket
}

export function keyOf(call: Call): string {
  const { key = '' } = call.request
  const size = Buffer.byteLength(key)
  // "The sequence of Unicode characters in UTF-8 encoding is at most 1,024 bytes long" ("Naming Amazon S3 objects").
  if (size > 1024) {
    throw s3Error('KeyTooLongError', 'Your key is too long', { Size: String(size), MaxSizeAllowed: '1024' })
  }
  return key
}

export function requestHeader(call: Call, name: string): string | undefined {
  const value = call.request.headers[name]
  return typeof value === 'string' ? value : undefined
}

export function xml(body: string, headers: Answer['headers'] = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body }
}
