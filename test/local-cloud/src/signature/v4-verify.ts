import { s3Error } from '../errors.ts'
import { credentialsOf, header, MAX_SKEW_MS, requireFreshDate, requireSignature } from './authentication.ts'
import type { Authentication, SignedRequest, Verification } from './authentication.ts'
import {
  ALGORITHM,
  canonicalRequest,
  fromAmzDate,
  sign,
  signingKey,
  stringToSign,
  toAmzDate,
  UNSIGNED_PAYLOAD,
} from './v4.ts'

interface Claim {
  credential: string
  signedHeaders: string
  signature: string
  amzDate: string
  payloadHash: string
  sessionToken: string | undefined
  query: SignedRequest['query']['pairs']
  isPresigned: boolean
}

const SEVEN_DAYS = 604_800

/** Checks a Signature V4 Authorization header ("Signature calculations for the Authorization header", S3 API Reference). */
export function verifyV4Header(request: SignedRequest, verification: Verification): Authentication {
  const fields = new Map(
    (header(request, 'authorization') ?? '')
      .slice(ALGORITHM.length)
      .split(',')
      .map(field => {
        const [name = '', ...value] = field.trim().split('=')
        return [name, value.join('=')]
      }),
  )
  const [credential, signedHeaders, signature] = ['Credential', 'SignedHeaders', 'Signature'].map(name =>
    fields.get(name),
  )
  if (!credential || !signedHeaders || !signature) {
    throw s3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed; it needs Credential, SignedHeaders and Signature.',
    )
  }
  const payloadHash = header(request, 'x-amz-content-sha256')
  if (payloadHash === undefined) {
    throw s3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  const sent = header(request, 'x-amz-date')
  const date = sent === undefined ? Date.parse(header(request, 'date') ?? '') : fromAmzDate(sent)
  requireFreshDate(date, verification)
  return verify(request, verification, {
    credential,
    signedHeaders,
    signature,
    amzDate: sent ?? toAmzDate(date),
    payloadHash,
    sessionToken: header(request, 'x-amz-security-token'),
    query: request.query.pairs,
    isPresigned: false,
  })
}

/** Checks a presigned URL ("Authenticating Requests: Using Query Parameters", S3 API Reference). */
export function verifyV4Query(request: SignedRequest, verification: Verification): Authentication {
  const { query } = request
  const [credential, amzDate, expires, signedHeaders, signature] = [
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].map(name => query.get(name))
  if (!credential || !amzDate || !expires || !signedHeaders || !signature) {
    throw malformedQuery(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, ' +
        'X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  if (query.get('X-Amz-Algorithm') !== ALGORITHM)
    throw malformedQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  const date = fromAmzDate(amzDate)
  if (Number.isNaN(date)) throw malformedQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  const seconds = /^\d+$/.test(expires) ? Number(expires) : Number.NaN
  if (Number.isNaN(seconds)) throw malformedQuery('X-Amz-Expires should be a number')
  // "The minimum value you can set is 1, and the maximum is 604800" (X-Amz-Expires).
  if (seconds < 1) throw malformedQuery('X-Amz-Expires must be positive')
  if (seconds > SEVEN_DAYS) throw malformedQuery('X-Amz-Expires must be less than a week (in seconds); that is, 604800')
  if (date > verification.now + MAX_SKEW_MS) throw s3Error('AccessDenied', 'Request is not yet valid')
  const end = date + seconds * 1000
  if (verification.now > end) {
    throw s3Error('AccessDenied', 'Request has expired', {
      'X-Amz-Expires': expires,
      Expires: new Date(end).toISOString(),
      ServerTime: new Date(verification.now).toISOString(),
    })
  }
  return verify(request, verification, {
    credential,
    signedHeaders,
    signature,
    amzDate,
    payloadHash: query.get('X-Amz-Content-Sha256') ?? header(request, 'x-amz-content-sha256') ?? UNSIGNED_PAYLOAD,
    sessionToken: query.get('X-Amz-Security-Token'),
    query: query.pairs.filter(([name]) => name !== 'X-Amz-Signature'),
    isPresigned: true,
  })
}

function verify(request: SignedRequest, verification: Verification, claim: Claim): Authentication {
  const [accessKeyId = '', ...scopeParts] = claim.credential.split('/')
  const [day, region, service, terminator] = scopeParts
  if (day !== claim.amzDate.slice(0, 8) || service !== 's3' || terminator !== 'aws4_request' || region === undefined) {
    throw s3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed; the Credential is not of this day and of the service s3.',
    )
  }
  if (verification.region !== undefined && region !== verification.region) {
    throw s3Error(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${region}' is wrong; expecting '${verification.region}'`,
      { Region: verification.region },
    )
  }
  const { secretAccessKey } = credentialsOf(verification, accessKeyId, claim.sessionToken)
  const names = claim.signedHeaders.split(';')
  // "If the Content-MD5 header is present in the request, you must add it" to the signed ones, and any x-amz-* header: of these
  // alone the page on presigned URLs speaks.
  const unsigned = Object.keys(request.headers).filter(
    name => (name.startsWith('x-amz-') || (name === 'content-md5' && !claim.isPresigned)) && !names.includes(name),
  )
  if (unsigned.length > 0 || !names.includes('host')) {
    throw s3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.length > 0 ? unsigned.join(', ') : 'host',
    })
  }
  const canonical = canonicalRequest({
    method: request.method,
    path: request.path,
    query: claim.query,
    headers: names.map(name => [name, header(request, name) ?? '']),
    payloadHash: claim.payloadHash,
  })
  const scope = scopeParts.join('/')
  const key = signingKey(secretAccessKey, scope)
  const text = stringToSign(claim.amzDate, scope, canonical)
  requireSignature(sign(key, text), claim.signature, {
    AWSAccessKeyId: accessKeyId,
    StringToSign: text,
    CanonicalRequest: canonical,
  })
  return {
    accessKeyId,
    payloadHash: claim.payloadHash,
    chunks: { key, amzDate: claim.amzDate, scope, seed: claim.signature },
  }
}

function malformedQuery(message: string) {
  return s3Error('AuthorizationQueryParametersError', message)
}
