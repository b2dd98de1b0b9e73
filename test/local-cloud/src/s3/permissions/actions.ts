import type { S3Request } from '../request.ts'
import type { OperationName } from '../routes.ts'

/** Actions of IAM that the operations here need. */
export type S3Action =
  | 's3:AbortMultipartUpload'
  | 's3:CreateBucket'
  | 's3:DeleteBucket'
  | 's3:DeleteObject'
  | 's3:GetBucketCORS'
  | 's3:GetBucketLocation'
  | 's3:GetBucketObjectLockConfiguration'
  | 's3:GetBucketOwnershipControls'
  | 's3:GetBucketPolicyStatus'
  | 's3:GetBucketPublicAccessBlock'
  | 's3:GetBucketVersioning'
  | 's3:GetEncryptionConfiguration'
  | 's3:GetLifecycleConfiguration'
  | 's3:GetObject'
  | 's3:ListAllMyBuckets'
  | 's3:ListBucket'
  | 's3:ListBucketMultipartUploads'
  | 's3:ListMultipartUploadParts'
  | 's3:PutObject'
  | 's3:PutObjectAcl'
  | 's3:PutObjectLegalHold'
  | 's3:PutObjectRetention'
  | 's3:PutObjectTagging'

/**
 * Actions on the bucket or the key of the request: "API operations defined by Amazon S3" (Service Authorization Reference) and
 * "Required permissions for Amazon S3 API operations" (S3 User Guide). Those on the source of a copy, and on the keys of DeleteObjects,
 * which fail one by one, are asked for by these operations.
 */
const ACTIONS: Record<OperationName, readonly S3Action[]> = {
  ListBuckets: ['s3:ListAllMyBuckets'],
  HeadBucket: ['s3:ListBucket'],
  CreateBucket: ['s3:CreateBucket'],
  DeleteBucket: ['s3:DeleteBucket'],
  GetBucketLocation: ['s3:GetBucketLocation'],
  GetPublicAccessBlock: ['s3:GetBucketPublicAccessBlock'],
  GetBucketOwnershipControls: ['s3:GetBucketOwnershipControls'],
  GetBucketVersioning: ['s3:GetBucketVersioning'],
  GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration'],
  GetBucketEncryption: ['s3:GetEncryptionConfiguration'],
  GetBucketPolicyStatus: ['s3:GetBucketPolicyStatus'],
  GetObjectLockConfiguration: ['s3:GetBucketObjectLockConfiguration'],
  GetBucketCors: ['s3:GetBucketCORS'],
  ListObjects: ['s3:ListBucket'],
  ListObjectsV2: ['s3:ListBucket'],
  ListMultipartUploads: ['s3:ListBucketMultipartUploads'],
  DeleteObjects: [],
  HeadObject: ['s3:GetObject'],
  GetObject: ['s3:GetObject'],
  PutObject: ['s3:PutObject'],
  CopyObject: ['s3:PutObject'],
  DeleteObject: ['s3:DeleteObject'],
  CreateMultipartUpload: ['s3:PutObject'],
  UploadPart: ['s3:PutObject'],
  UploadPartCopy: ['s3:PutObject'],
  CompleteMultipartUpload: ['s3:PutObject'],
  AbortMultipartUpload: ['s3:AbortMultipartUpload'],
  ListParts: ['s3:ListMultipartUploadParts'],
}

/** Headers of a new object that need an action of their own. */
const HEADER_ACTIONS: Readonly<Record<string, S3Action>> = {
  'x-amz-acl': 's3:PutObjectAcl',
  'x-amz-tagging': 's3:PutObjectTagging',
  'x-amz-object-lock-legal-hold': 's3:PutObjectLegalHold',
  'x-amz-object-lock-mode': 's3:PutObjectRetention',
}

export function actionsOf(operation: OperationName, { key, headers }: S3Request): S3Action[] {
  const actions = [...ACTIONS[operation]]
  if (key === undefined) return actions
  if (actions.includes('s3:PutObject')) {
    for (const [name, action] of Object.entries(HEADER_ACTIONS)) if (headers[name] !== undefined) actions.push(action)
  }
  // "Conditional deletes with a specific ETag value require both s3:DeleteObject and s3:GetObject" (S3 User Guide).
  const etag = headers['if-match']
  if (operation === 'DeleteObject' && etag !== undefined && etag !== '*') actions.push('s3:GetObject')
  return actions
}
