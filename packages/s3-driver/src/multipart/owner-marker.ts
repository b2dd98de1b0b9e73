import { createHash } from 'node:crypto'
import { type CallOptions, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'

/*
 * The multipart upload of a copy lies at the key of the file-to-be, as one that was interrupted there does, and a listing tells
 * no more of either than its id. So each has an empty object, by whose name whoever finds the upload knows that it is not to be
 * continued. Direct uploads to another path than their own have one, too.
 */

/** Marks a multipart upload. Comes before its first part: an upload without parts gives nothing away. */
export async function markOwned(bucket: Bucket, uploadId: string, options: CallOptions): Promise<void> {
  await putObject(bucket, ownerMarkerRef(bucket, uploadId), new Uint8Array(), options)
}

/** Removes the mark of a multipart upload; none being there is fine. */
export function unmarkOwned(bucket: Bucket, uploadId: string, options: CallOptions): Promise<void> {
  return deleteObject(bucket, ownerMarkerRef(bucket, uploadId), options)
}

/** True where a multipart upload has an owner, which alone goes on with it. */
export async function isOwned(bucket: Bucket, uploadId: string, options: CallOptions): Promise<boolean> {
  return (await undefinedIfNotFound(headObject(bucket, ownerMarkerRef(bucket, uploadId), options))) !== undefined
}

/** Key of a multipart upload's marker, which lies below no path. */
export function ownerMarkerRef({ keys }: Bucket, uploadId: string): ObjectRef {
  const digest = createHash('sha256').update(uploadId).digest('base64url').slice(0, 32)
  return { key: keys.temporary('/', `owned-${digest}`), path: '/' }
}
