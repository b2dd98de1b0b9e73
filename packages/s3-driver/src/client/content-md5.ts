import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { errorName } from '../errors.ts'

/** Requests that bring an object's bytes, or begin to. */
const operations = new Set(['PutObjectCommand', 'UploadPartCommand', 'CreateMultipartUploadCommand'])

interface Request {
  readonly body?: unknown
  readonly headers: Record<string, string>
}

/**
 * Gives requests with an object's bytes a Content-MD5, which every server knows, where nothing else covers them: with signature V2
 * always, and else once a server has asked for one. A bucket with Object Lock wants it, or a checksum: "Content-MD5 OR
 * x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters". That answer is remembered.
 */
export function addContentMd5(client: S3Client, isAlways: boolean): void {
  let isWanted = isAlways
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async args => {
        const { request } = args as unknown as { request: Request }
        if (!operations.has(commandName) || hasChecksum(request)) return next(args)
        if (isWanted) addMd5(request)
        try {
          return await next(args)
        } catch (error) {
          if (isWanted || !asksForMd5(error)) throw error
          isWanted = true
          addMd5(request)
          return next(args)
        }
      },
    // After the SDK's own checksums, and before the signature.
    { step: 'build', name: 'addContentMd5', priority: 'low' },
  )
}

/** True where a request's headers have something by which the server sees that its body is whole. */
export function hasChecksum({ headers }: Request): boolean {
  return Object.keys(headers).some(name => /^(?:content-md5|x-amz-checksum-(?!algorithm$|type$).+)$/i.test(name))
}

function addMd5({ body = '', headers }: Request): void {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return
  headers['content-md5'] = createHash('md5').update(body).digest('base64')
}

function asksForMd5(error: unknown): boolean {
  const { message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  if ($metadata?.httpStatusCode !== 400) return false
  return (
    /^Missing(?:Content-?MD5|Checksum)/i.test(errorName(error)) ||
    /content-?md5.*required|required.*content-?md5/i.test(message)
  )
}
