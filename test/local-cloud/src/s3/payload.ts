import { createHash } from 'node:crypto'
import type { Authentication } from '../signature/authentication.ts'
import { decodeAwsChunked } from './aws-chunked.ts'
import { CHECKSUMS } from './checksums.ts'
import { isChecksumValue } from './request-rules/checksum-headers.ts'
import { CHECKSUM_ALGORITHMS } from './request-rules/header-groups.ts'
import type { Checksum } from './checksums.ts'
import { s3Error } from '../errors.ts'
import type { S3Request } from './request.ts'

/** A body that arrived whole and is what its headers said. */
export interface Received {
  size: number
  /** Hex. */
  md5: string
  /** Base64 by algorithm: those the client sent. */
  checksums: Record<string, string>
}

const FIVE_GIB = 5 * 1024 ** 3

/**
 * Passes the body's content to `sink`, piece by piece, and rejects unless its length, its signed hash, its MD5 and its
 * checksums are what the request's headers and trailers say. Until this resolves nothing of it may be made visible.
 */
export async function receive(
  request: S3Request,
  authentication: Authentication,
  sink: (piece: Buffer) => Promise<void> | void,
  checksumsAreOf: 'body' | 'object' = 'body',
): Promise<Received> {
  const { headers } = request
  const { payloadHash } = authentication
  const streaming = payloadHash.startsWith('STREAMING-')
  const expectedSize = streaming ? headers['x-amz-decoded-content-length'] : headers['content-length']
  if (typeof expectedSize !== 'string' || !/^\d+$/.test(expectedSize)) {
    throw s3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  if (Number(expectedSize) > FIVE_GIB) {
    throw s3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: expectedSize,
      MaxSizeAllowed: String(FIVE_GIB),
    })
  }

  const claimed = new Map(Object.entries(headers).filter(isText))
  const trailers = new Map<string, string>()
  const announced = new Set((claimed.get('x-amz-trailer') ?? '').split(',').map(name => name.trim().toLowerCase()))
  const checksums = new Map<string, Checksum | undefined>()
  for (const algorithm of Object.keys(CHECKSUM_ALGORITHMS)) {
    const name = `x-amz-checksum-${algorithm}`
    const isClaimed = claimed.has(name) && checksumsAreOf === 'body'
    if (isClaimed || announced.has(name)) checksums.set(algorithm, CHECKSUMS[algorithm]?.())
  }
  const signedHash = /^[0-9a-f]{64}$/.test(payloadHash) ? createHash('sha256') : undefined
  const md5 = createHash('md5')
  let size = 0

  const signing = payloadHash.startsWith('STREAMING-AWS4-') ? authentication.chunks : undefined
  const pieces = streaming ? decodeAwsChunked(request.body(), signing, trailers) : request.body()
  for await (const piece of pieces) {
    size += piece.length
    md5.update(piece)
    signedHash?.update(piece)
    for (const checksum of checksums.values()) checksum?.update(piece)
    await sink(piece)
  }

  if (size !== Number(expectedSize)) {
    throw s3Error(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    )
  }
  const computedHash = signedHash?.digest('hex')
  if (computedHash !== undefined && computedHash !== payloadHash) {
    throw s3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      {
        ClientComputedContentSHA256: payloadHash,
        S3ComputedContentSHA256: computedHash,
      },
    )
  }
  const digest = md5.digest()
  requireMd5(claimed.get('content-md5'), digest)
  const computed: Record<string, string> = {}
  for (const [algorithm, checksum] of checksums) {
    const name = `x-amz-checksum-${algorithm}`
    const expected = trailers.get(name) ?? claimed.get(name)
    if (expected === undefined)
      throw s3Error('MalformedTrailerError', `The trailer ${name} was announced and did not come.`)
    if (!isChecksumValue(algorithm, expected)) {
      throw s3Error('InvalidRequest', `Value for ${name} trailing header is invalid.`)
    }
    computed[algorithm] = checksum?.digest() ?? expected
    if (computed[algorithm] !== expected) {
      throw s3Error('BadDigest', `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`)
    }
  }
  return { size, md5: digest.toString('hex'), checksums: computed }
}

/** A body that is a document, not content. The checksum of a completion is that of the `object`. */
export async function receiveText(
  request: S3Request,
  authentication: Authentication,
  checksumsAreOf: 'body' | 'object' = 'body',
): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  const take = (piece: Buffer) => {
    size += piece.length
    // 10,000 parts with every checksum are below 4 MB.
    if (size > 8_000_000) throw s3Error('MalformedXML', 'The XML you provided was not well-formed')
    pieces.push(Buffer.from(piece))
  }
  await receive(request, authentication, take, checksumsAreOf)
  return Buffer.concat(pieces).toString()
}

function requireMd5(header: string | undefined, computed: Buffer): void {
  if (header === undefined) return
  const expected = Buffer.from(header, 'base64')
  if (expected.length !== 16) throw s3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.')
  if (!expected.equals(computed)) {
    throw s3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string'
}
