import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { StorageError } from '@longshore/middleware-core'

/** Bytes that a GET asks for: from `position` on, up to `last` where there is one. */
interface RequestedRange {
  readonly position: number
  readonly last: number | undefined
}

/**
 * Position after the last byte that the response to a GET brings; undefined where it tells no length. Throws where the answer is not
 * what was asked for: a proxy that ignores `Range` and answers 200 would otherwise give the wrong bytes, and after a broken
 * connection the same bytes twice. One that answers 200 with the whole object is right where the whole was asked for, or nothing
 * of it.
 */
export function responseEnd(
  { $metadata, ContentRange, ContentLength }: GetObjectCommandOutput,
  asked: RequestedRange,
  path: string,
): number | undefined {
  const { position, last } = asked
  const isRange = position > 0 || last !== undefined
  if ($metadata.httpStatusCode !== 206) {
    const isAllAsked = position === 0 && (last === undefined || (ContentLength ?? Infinity) <= last + 1)
    if (!isRange || isAllAsked) return ContentLength
    if (ContentLength !== undefined && ContentLength <= position) return position
    const detail = `the server ignores ranges: asked for bytes ${position}-${last ?? ''}, it gave the whole object`
    throw new StorageError('UNSUPPORTED', detail, { path })
  }
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(ContentRange ?? '') ?? []
  const end = Number(to) + 1
  const isLast =
    size === '*' ? last === undefined || end === last + 1 : end === Math.min((last ?? Infinity) + 1, Number(size))
  const isLength = ContentLength === undefined || ContentLength === end - position
  if (Number(from) === position && end > position && isLast && isLength) return end
  const found = `${ContentRange ?? 'no Content-Range'}, ${ContentLength ?? 'unknown'} bytes`
  throw new StorageError('UNKNOWN', `S3 was asked for bytes ${position}-${last ?? ''} and gave ${found}`, { path })
}
