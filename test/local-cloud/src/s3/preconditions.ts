import type { Call } from './call.ts'
import { requestHeader } from './call.ts'
import { s3Error } from '../errors.ts'
import type { Bucket, StoredObject } from './store.ts'

/**
 * `If-Match` and its kin, for reads; `x-amz-copy-source-if-match`, ... with that prefix, for copies. True where the
 * answer is 304 Not Modified (for copies 412). An ETag condition that holds outweighs a date condition that does not
 * ("Conditional reads", S3 User Guide).
 */
export function isUnmodified(call: Call, object: StoredObject, prefix = ''): boolean {
  const [match, noneMatch, since, unmodifiedSince] = [
    'if-match',
    'if-none-match',
    'if-modified-since',
    'if-unmodified-since',
  ].map(name => requestHeader(call, prefix + name))
  if (match !== undefined && !namesEtag(match, object.etag)) throw failed('If-Match')
  if (match === undefined && unmodifiedSince !== undefined && object.modified > Date.parse(unmodifiedSince)) {
    throw failed('If-Unmodified-Since')
  }
  if (noneMatch !== undefined) return namesEtag(noneMatch, object.etag)
  return since !== undefined && object.modified <= Date.parse(since)
}

/**
 * Conditions on what a write replaces ("Conditional writes", S3 User Guide). Check again when the body has arrived, with what was
 * there `before`: "you can also receive a 409 Conflict response ... if a delete request to an object succeeds before a conditional
 * write operation on that object completes".
 */
export function requireWritable(call: Call, bucket: Bucket, key: string, before?: StoredObject): void {
  const current = bucket.get(key)
  if (before && !current && requestHeader(call, 'if-match') !== undefined) {
    throw s3Error(
      'ConditionalRequestConflict',
      'The conditional request cannot succeed due to a conflicting operation against this resource.',
      { Condition: 'If-Match', Key: key },
    )
  }
  if (requestHeader(call, 'if-none-match') === '*' && current) throw failed('If-None-Match')
  const match = requestHeader(call, 'if-match')
  if (match === undefined) return
  if (!current) throw s3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
  if (!namesEtag(match, current.etag)) throw failed('If-Match')
}

export function failed(condition: string) {
  return s3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })
}

export function namesEtag(header: string, etag: string): boolean {
  return header.split(',').some(item => {
    const named = item.trim().replaceAll('"', '')
    return named === '*' || named === etag
  })
}
