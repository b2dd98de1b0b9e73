import { createHash, createHmac } from 'node:crypto'
import type { Credentials } from './credentials.ts'

/**
 * Signature Version 4, the parts that signing and verifying share. "Create a signed AWS API request" in the IAM User
 * Guide; S3's own rules (paths encoded once and not normalised) in "Authenticating Requests (AWS Signature Version 4)",
 * S3 API Reference.
 */
export const ALGORITHM = 'AWS4-HMAC-SHA256'
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export interface CanonicalParts {
  method: string
  /** Decoded. */
  path: string
  /** Decoded, without the signature itself. */
  query: readonly (readonly [name: string, value: string])[]
  /** The signed headers only: lower-case names, values as sent. */
  headers: readonly (readonly [name: string, value: string])[]
  payloadHash: string
}

/** Percent-encoding as AWS wants it: everything but the unreserved characters, in upper-case hex. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function uriEncodePath(path: string): string {
  return path.split('/').map(uriEncode).join('/')
}

export function canonicalRequest(parts: CanonicalParts): string {
  const query = parts.query
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .toSorted((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(pair => pair.join('='))
    .join('&')
  const headers = parts.headers.toSorted((a, b) => compare(a[0], b[0]))
  return [
    parts.method,
    uriEncodePath(parts.path),
    query,
    ...headers.map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/g, ' ')}`),
    '',
    headers.map(([name]) => name).join(';'),
    parts.payloadHash,
  ].join('\n')
}

/** `20261121/us-east-1/s3/aws4_request` */
function credentialScope(amzDate: string, region: string): string {
  return `${amzDate.slice(0, 8)}/${region}/s3/aws4_request`
}

export function stringToSign(amzDate: string, scope: string, canonical: string): string {
  return [ALGORITHM, amzDate, scope, sha256(canonical)].join('\n')
}

export function signingKey(secretAccessKey: string, scope: string): Buffer {
  let key = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  return key
}

export function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** `20261121T030157Z` */
export function toAmzDate(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

export function fromAmzDate(amzDate: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate)
  if (!match) return Number.NaN
  const [, year, month, day, hours, minutes, seconds] = match
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`)
}

/** The headers that make a request one of `credentials`' own. */
export function signedHeaders(options: {
  method: string
  host: string
  path: string
  /** Decoded. */
  query?: CanonicalParts['query']
  headers?: Record<string, string>
  /** Hash of the body, or a word in its place; by default there is none. */
  payloadHash?: string
  credentials: Credentials
  region: string
  now: number
}): Record<string, string> {
  const amzDate = toAmzDate(options.now)
  const { payloadHash = EMPTY_SHA256 } = options
  const headers: Record<string, string> = {
    ...options.headers,
    host: options.host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': amzDate,
  }
  const { accessKeyId, secretAccessKey, sessionToken } = options.credentials
  if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken
  const scope = credentialScope(amzDate, options.region)
  const canonical = canonicalRequest({
    method: options.method,
    path: options.path,
    query: options.query ?? [],
    headers: Object.entries(headers),
    payloadHash,
  })
  const signature = sign(signingKey(secretAccessKey, scope), stringToSign(amzDate, scope, canonical))
  headers['authorization'] =
    `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${Object.keys(headers).toSorted().join(';')}, ` +
    `Signature=${signature}`
  return headers
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
