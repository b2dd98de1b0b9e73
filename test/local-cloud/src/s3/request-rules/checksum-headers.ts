import { s3Error } from '../../errors.ts'
import { CHECKSUM_ALGORITHMS } from './header-groups.ts'
import type { S3Request } from '../request.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/** The checksum that comes with a body: one at most, in a header or in a trailer, and of the algorithm that is announced. */
export const singleChecksum: Rule = request => {
  const inHeaders = namesOf(Object.keys(request.headers))
  // versitygw#1186, #1188: "even if the headers are empty".
  if (inHeaders.length > 1) {
    throw invalid('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  const trailers = listOf(textHeader(request, 'x-amz-trailer'))
  const inTrailers = namesOf(trailers)
  if (trailers.length !== inTrailers.length) {
    throw invalid('The value specified in the x-amz-trailer header is not supported')
  }
  if (inHeaders.length + inTrailers.length > 1) throw invalid('Expecting a single x-amz-checksum- header')
  for (const algorithm of [...inHeaders, ...inTrailers]) {
    if (!isKnown(algorithm)) throw invalid('The algorithm type you specified in x-amz-checksum- header is invalid.')
  }
  const [inHeader] = inHeaders
  if (inHeader !== undefined) requireValue(request, inHeader)
  requireAnnounced(request, inHeader ?? inTrailers[0])
}

/** "Missing required header for this request: Content-MD5 OR x-amz-checksum-*" (DeleteObjects; versitygw#1040). */
export const checksumRequired: Rule = request => {
  if (textHeader(request, 'content-md5') !== undefined) return
  if (checksumIn(request)) return
  throw invalid('Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
}

/**
 * Demands a checksum of PutObject and UploadPart where the bucket has a default retention ("Amazon S3 Object Lock considerations", S3
 * User Guide; the text is that of apache/opendal#4533).
 */
export function checksumWithObjectLock(kind: 'Put Object' | 'Put Part'): Rule {
  return (request, { settings }) => {
    const isLocked = settings.objectLock || textHeader(request, 'x-amz-object-lock-mode') !== undefined
    if (!isLocked || textHeader(request, 'content-md5') !== undefined || checksumIn(request)) return
    throw invalid(
      `Content-MD5 OR x-amz-checksum- HTTP header is required for ${kind} requests with Object Lock parameters`,
    )
  }
}

/** True for standard base64 of a checksum's exact length. */
export function isChecksumValue(algorithm: string, value: string): boolean {
  const bytes = Buffer.from(value, 'base64')
  return isKnown(algorithm) && bytes.length === CHECKSUM_ALGORITHMS[algorithm] && bytes.toString('base64') === value
}

export function isKnown(algorithm: string): algorithm is keyof typeof CHECKSUM_ALGORITHMS {
  return Object.hasOwn(CHECKSUM_ALGORITHMS, algorithm)
}

export function invalid(message: string) {
  return s3Error('InvalidRequest', message)
}

function checksumIn(request: S3Request): boolean {
  return namesOf([...Object.keys(request.headers), ...listOf(textHeader(request, 'x-amz-trailer'))]).length > 0
}

function requireValue(request: S3Request, algorithm: string): void {
  const name = `x-amz-checksum-${algorithm}`
  if (!isChecksumValue(algorithm, textHeader(request, name) ?? '')) {
    throw invalid(`Value for ${name} header is invalid.`)
  }
}

/** DeleteObjects, PutObject, UploadPart: "Amazon S3 fails the request with the HTTP status code 400 Bad Request". */
function requireAnnounced(request: S3Request, given: string | undefined): void {
  const announced = textHeader(request, 'x-amz-sdk-checksum-algorithm')?.toLowerCase()
  if (announced === undefined) return
  // versitygw#1593, apache/hadoop#6467.
  if (given === undefined) {
    throw invalid(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  // versitygw#1598, #1659.
  if (announced !== given) throw invalid('Value for x-amz-sdk-checksum-algorithm header is invalid.')
}

/** Algorithms of the headers that hold a checksum. */
function namesOf(headers: readonly string[]): string[] {
  return headers
    .map(name => /^x-amz-checksum-(.+)$/.exec(name)?.[1] ?? '')
    .filter(name => name !== '' && !['algorithm', 'mode', 'type'].includes(name))
}

function listOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '')
}
