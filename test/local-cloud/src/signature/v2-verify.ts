import { createHmac } from 'node:crypto'
import { s3Error } from '../errors.ts'
import { credentialsOf, header, requireFreshDate, requireSignature } from './authentication.ts'
import type { Authentication, SignedRequest, Verification } from './authentication.ts'
import { UNSIGNED_PAYLOAD } from './v4.ts'

/** The query parameters that are part of the resource ("Signing and authenticating REST requests", S3 User Guide). */
const SUBRESOURCES = new Set([
  'acl',
  'cors',
  'delete',
  'lifecycle',
  'location',
  'logging',
  'notification',
  'partNumber',
  'policy',
  'requestPayment',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
])

/** Checks `Authorization: AWS AccessKeyId:Signature`. */
export function verifyV2Header(request: SignedRequest, verification: Verification): Authentication {
  const [, accessKeyId, signature] = /^AWS ([^:]+):(.+)$/.exec(header(request, 'authorization') ?? '') ?? []
  if (!accessKeyId || !signature) {
    throw s3Error('InvalidArgument', 'AWS authorization header is invalid. Expected AwsAccessKeyId:signature')
  }
  const amzDate = header(request, 'x-amz-date')
  const date = header(request, 'date') ?? ''
  requireFreshDate(Date.parse(amzDate ?? date), verification)
  return verify(request, verification, {
    accessKeyId,
    signature,
    date: amzDate === undefined ? date : '',
    sessionToken: header(request, 'x-amz-security-token'),
  })
}

/** Checks `?AWSAccessKeyId=...&Expires=...&Signature=...`. */
export function verifyV2Query(request: SignedRequest, verification: Verification): Authentication {
  const [accessKeyId, expires, signature] = ['AWSAccessKeyId', 'Expires', 'Signature'].map(name =>
    request.query.get(name),
  )
  if (!accessKeyId || !expires || !signature) {
    throw s3Error(
      'AccessDenied',
      'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    )
  }
  if (!/^\d+$/.test(expires)) throw s3Error('AccessDenied', `Invalid date (should be seconds since epoch): ${expires}`)
  if (verification.now > Number(expires) * 1000) {
    throw s3Error('AccessDenied', 'Request has expired', {
      Expires: new Date(Number(expires) * 1000).toISOString(),
      ServerTime: new Date(verification.now).toISOString(),
    })
  }
  const sessionToken = header(request, 'x-amz-security-token') ?? request.query.get('x-amz-security-token')
  return verify(request, verification, { accessKeyId, signature, date: expires, sessionToken })
}

function verify(
  request: SignedRequest,
  verification: Verification,
  claim: { accessKeyId: string; signature: string; date: string; sessionToken: string | undefined },
): Authentication {
  const { secretAccessKey } = credentialsOf(verification, claim.accessKeyId, claim.sessionToken)
  const text = stringToSign(request, claim.date)
  requireSignature(createHmac('sha1', secretAccessKey).update(text).digest('base64'), claim.signature, {
    AWSAccessKeyId: claim.accessKeyId,
    StringToSign: text,
  })
  return { accessKeyId: claim.accessKeyId, payloadHash: UNSIGNED_PAYLOAD }
}

function stringToSign(request: SignedRequest, date: string): string {
  const amzHeaders = Object.keys(request.headers)
    .filter(name => name.startsWith('x-amz-'))
    .toSorted()
    .map(name => `${name}:${(header(request, name) ?? '').trim()}\n`)
    .join('')
  const subresources = request.query.pairs
    .filter(([name]) => SUBRESOURCES.has(name))
    .toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&')
  const bucket = request.hostBucket === undefined ? '' : `/${request.hostBucket}`
  return [
    request.method,
    header(request, 'content-md5') ?? '',
    header(request, 'content-type') ?? '',
    date,
    `${amzHeaders}${bucket}${request.rawPath}${subresources === '' ? '' : `?${subresources}`}`,
  ].join('\n')
}
