import type { Operation } from '../call.ts'
import { bucketOf, keyOf, requestHeader, xml } from '../call.ts'
import { s3Error } from '../../errors.ts'
import { receiveText } from '../payload.ts'
import { requireWritable } from '../preconditions.ts'
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
  const { headers } = call.request
  const checked = ['content-md5', 'x-amz-trailer', 'x-amz-sdk-checksum-algorithm'].some(name =>
    requestHeader(call, name),
  )
  if (!checked && !Object.keys(headers).some(name => name.startsWith('x-amz-checksum-'))) {
    throw s3Error('InvalidRequest', 'Missing required header for this request: Content-MD5')
  }
  const body = parseDocument('Delete', await receiveText(call.request, call.authentication))
  const keys = children(body, 'Object').map(object => text(object, 'Key'))
  if (keys.length === 0 || keys.length > 1000) throw malformed()
  const deleted = keys.map(key => {
    if (key === undefined) throw malformed()
    return key
  })
  for (const key of deleted) bucket.delete(key)
  const quiet = text(body, 'Quiet')?.trim() === 'true'
  return xml(document('DeleteResult', quiet ? undefined : deleted.map(key => element('Deleted', element('Key', key)))))
}
