import type { IncomingHttpHeaders } from 'node:http'
import { s3Error } from '../errors.ts'
import type { Query } from '../query.ts'
import type { Credentials } from './credentials.ts'

/** What a signature covers. */
export interface SignedRequest {
  method: string
  /** The path as sent. */
  rawPath: string
  /** The path decoded. */
  path: string
  query: Query
  headers: IncomingHttpHeaders
  /** The bucket where the Host header names it, which Signature V2 wants in its path. */
  hostBucket: string | undefined
}

/** What a verified signature says about the body that follows. */
export interface Authentication {
  /** Id of the key that has signed. */
  accessKeyId: string
  /** SHA-256 in hex, `UNSIGNED-PAYLOAD`, or one of the `STREAMING-...` names. */
  payloadHash: string
  /** Where the chunks of the body are signed, what the first one's signature continues. */
  chunks?: { key: Buffer; amzDate: string; scope: string; seed: string }
}

export interface Verification {
  credentials: ReadonlyMap<string, Credentials>
  /** Refuse scopes of other regions; any region is right when absent. */
  region: string | undefined
  /** Milliseconds. */
  now: number
}

/** AWS allows clocks to differ by 15 minutes. */
export const MAX_SKEW_MS = 15 * 60_000

export function credentialsOf(
  verification: Verification,
  accessKeyId: string,
  sessionToken: string | undefined,
): Credentials {
  const credentials = verification.credentials.get(accessKeyId)
  if (!credentials) {
    throw s3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: accessKeyId,
    })
  }
  if (credentials.sessionToken !== sessionToken) {
    throw s3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.')
  }
  return credentials
}

export function requireFreshDate(date: number, verification: Verification): void {
  if (Number.isNaN(date)) {
    throw s3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  }
  if (Math.abs(verification.now - date) > MAX_SKEW_MS) {
    throw s3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: new Date(date).toISOString(),
        ServerTime: new Date(verification.now).toISOString(),
        MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
      },
    )
  }
}

export function requireSignature(expected: string, provided: string, details: Record<string, string>): void {
  if (expected === provided) return
  throw s3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    { ...details, SignatureProvided: provided },
  )
}

export function header(request: SignedRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
