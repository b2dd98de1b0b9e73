import type { Operation } from './call.ts'
import { completeMultipartUpload } from './operations/complete.ts'
import { copyObject } from './operations/copy.ts'
import {
  getBucketCors,
  getBucketEncryption,
  getBucketLifecycleConfiguration,
  getBucketOwnershipControls,
  getBucketPolicyStatus,
  getBucketVersioning,
  getObjectLockConfiguration,
  getPublicAccessBlock,
} from './operations/bucket-settings.ts'
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './operations/buckets.ts'
import { deleteObject, deleteObjects } from './operations/delete.ts'
import { listObjects, listObjectsV2 } from './operations/list-objects.ts'
import { listMultipartUploads, listParts } from './operations/list-uploads.ts'
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './operations/multipart.ts'
import { getObject, headObject, putObject } from './operations/objects.ts'
import type { S3Request } from './request.ts'

const OPERATIONS = {
  ListBuckets: listBuckets,
  HeadBucket: headBucket,
  CreateBucket: createBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  GetPublicAccessBlock: getPublicAccessBlock,
  GetBucketOwnershipControls: getBucketOwnershipControls,
  GetBucketVersioning: getBucketVersioning,
  GetBucketLifecycleConfiguration: getBucketLifecycleConfiguration,
  GetBucketEncryption: getBucketEncryption,
  GetBucketPolicyStatus: getBucketPolicyStatus,
  GetObjectLockConfiguration: getObjectLockConfiguration,
  GetBucketCors: getBucketCors,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListMultipartUploads: listMultipartUploads,
  DeleteObjects: deleteObjects,
  HeadObject: headObject,
  GetObject: getObject,
  PutObject: putObject,
  CopyObject: copyObject,
  DeleteObject: deleteObject,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  ListParts: listParts,
} satisfies Record<string, Operation>

export type OperationName = keyof typeof OPERATIONS

export function operationNamed(name: OperationName): Operation {
  return OPERATIONS[name]
}

/** Sub-resources of a bucket that can be read. */
const SETTINGS = new Map<string, OperationName>([
  ['publicAccessBlock', 'GetPublicAccessBlock'],
  ['ownershipControls', 'GetBucketOwnershipControls'],
  ['versioning', 'GetBucketVersioning'],
  ['lifecycle', 'GetBucketLifecycleConfiguration'],
  ['encryption', 'GetBucketEncryption'],
  ['policyStatus', 'GetBucketPolicyStatus'],
  ['object-lock', 'GetObjectLockConfiguration'],
  ['cors', 'GetBucketCors'],
])

/** Sub-resources of S3 that nothing here implements, or only a part of: asking for one must not look like asking for the object. */
const ABSENT = [
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'cors',
  'encryption',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'replication',
  'restore',
  'requestPayment',
  'retention',
  'select',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
]

/** Which of S3's operations a request is; `undefined` for one that is not here. */
export function route(request: S3Request): OperationName | undefined {
  const { query } = request
  const setting = settingRead(request)
  if (setting) return setting
  if (ABSENT.some(name => query.has(name))) return undefined
  if (request.bucket === undefined) return request.method === 'GET' ? 'ListBuckets' : undefined
  return request.key === undefined ? bucketRoute(request) : objectRoute(request)
}

function settingRead({ method, bucket, key, query }: S3Request): OperationName | undefined {
  if (method !== 'GET' || bucket === undefined || key !== undefined) return undefined
  for (const [name, operation] of SETTINGS) if (query.has(name)) return operation
  return undefined
}

function bucketRoute({ method, query }: S3Request): OperationName | undefined {
  switch (method) {
    case 'HEAD':
      return 'HeadBucket'
    case 'PUT':
      return 'CreateBucket'
    case 'DELETE':
      return 'DeleteBucket'
    case 'POST':
      return query.has('delete') ? 'DeleteObjects' : undefined
    case 'GET':
      if (query.has('location')) return 'GetBucketLocation'
      if (query.has('uploads')) return 'ListMultipartUploads'
      return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects'
    default:
      return undefined
  }
}

function objectRoute({ method, query, headers }: S3Request): OperationName | undefined {
  const ofUpload = query.has('uploadId')
  const isCopy = headers['x-amz-copy-source'] !== undefined
  switch (method) {
    case 'HEAD':
      return 'HeadObject'
    case 'GET':
      return ofUpload ? 'ListParts' : 'GetObject'
    case 'PUT':
      if (ofUpload) return isCopy ? 'UploadPartCopy' : 'UploadPart'
      return isCopy ? 'CopyObject' : 'PutObject'
    case 'DELETE':
      return ofUpload ? 'AbortMultipartUpload' : 'DeleteObject'
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload'
      return ofUpload ? 'CompleteMultipartUpload' : undefined
    default:
      return undefined
  }
}
