import type { Operation } from '../call.ts'
import { bucketOf, keyOf, xml } from '../call.ts'
import { type S3Error, s3Error } from '../../errors.ts'
import { receiveText } from '../payload.ts'
import { denialOf } from '../permissions/permissions.ts'
import { failed, namesEtag, requireWritable } from '../preconditions.ts'
import type { Bucket } from '../store.ts'
import { children, document, element, malformed, parseDocument, text } from '../xml.ts'

/** Deleting what is not there succeeds, unless it has to be of an ETag. */
export const deleteObject: Operation = call => {
  requireWritable(call, bucketOf(call), keyOf(call))
  bucketOf(call).delete(keyOf(call))
  return { status: 204 }
}

export const deleteObjects: Operation = async call => {
  const bucket = bucketOf(call)
  if (call.cloud.quirks.noDeleteObjects) {
    throw s3Error('NotImplemented', 'A header or query you provided implies functionality that is not implemented')
  }
  const body = parseDocument('Delete', await receiveText(call.request, call.authentication))
  const objects = children(body, 'Object')
  if (objects.length === 0 || objects.length > 1000) throw malformed()
  const named = objects.map(object => ({ object, key: keyIn(object) }))
  const isQuiet = text(body, 'Quiet')?.trim() === 'true'
  const results = named.map(({ object, key }) => {
    const isOfEtag = text(object, 'ETag') !== undefined
    const error =
      denialOf(call, 's3:DeleteObject', bucket.name, key) ??
      (isOfEtag ? denialOf(call, 's3:GetObject', bucket.name, key) : undefined) ??
      refusal(bucket, key, object)
    if (error) {
      return element('Error', element('Key', key), element('Code', error.code), element('Message', error.message))
    }
    bucket.delete(key)
    return isQuiet ? undefined : element('Deleted', element('Key', key))
  })
  return xml(document('DeleteResult', ...results))
}

function keyIn(object: Record<string, unknown>): string {
  const key = text(object, 'Key')
  // "An object key name that's composed entirely of whitespace characters is not supported" (DeleteObjects).
  if (key === undefined || key.trim() === '') throw malformed()
  return key
}

/** ETag as a condition of one object; those on time and size are for directory buckets (DeleteObjects: ObjectIdentifier). */
function refusal(bucket: Bucket, key: string, object: Record<string, unknown>): S3Error | undefined {
  if (text(object, 'LastModifiedTime') !== undefined || text(object, 'Size') !== undefined) {
    return s3Error('NotImplemented', 'A header you provided implies functionality that is not implemented')
  }
  const etag = text(object, 'ETag')
  if (etag === undefined) return undefined
  const current = bucket.get(key)
  if (!current) return s3Error('NoSuchKey', 'The specified key does not exist.')
  return namesEtag(etag, current.etag) ? undefined : failed('If-Match')
}
