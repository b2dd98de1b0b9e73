import type { Operation } from '../call.ts'
import { bucketOf, xml } from '../call.ts'
import { s3Error } from '../../errors.ts'
import { Bucket } from '../store.ts'
import { document, element } from '../xml.ts'

export const listBuckets: Operation = ({ cloud }) => {
  const buckets = [...cloud.buckets.values()].map(bucket =>
    element('Bucket', element('Name', bucket.name), element('CreationDate', new Date(bucket.created).toISOString())),
  )
  return xml(document('ListAllMyBucketsResult', element('Buckets', buckets)))
}

export const headBucket: Operation = call => {
  bucketOf(call)
  return { status: 200, headers: { 'x-amz-bucket-region': call.cloud.region } }
}

export const getBucketLocation: Operation = call => {
  bucketOf(call)
  // The oldest region has no constraint.
  const { region } = call.cloud
  return xml(document('LocationConstraint', region === 'us-east-1' ? undefined : region))
}

export const createBucket: Operation = ({ cloud, request }) => {
  const { bucket: name = '' } = request
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw s3Error('InvalidBucketName', 'The specified bucket is not valid.')
  }
  if (cloud.buckets.has(name)) {
    throw s3Error('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.')
  }
  cloud.buckets.set(name, new Bucket(name))
  return { status: 200, headers: { location: `/${name}` } }
}

export const deleteBucket: Operation = call => {
  const bucket = bucketOf(call)
  if (bucket.keys().length > 0) throw s3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty')
  for (const upload of bucket.uploads.values()) bucket.dropUpload(upload)
  call.cloud.buckets.delete(bucket.name)
  return { status: 204 }
}
