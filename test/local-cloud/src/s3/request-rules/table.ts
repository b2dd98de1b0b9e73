import type { OperationName } from '../routes.ts'
import { checksumRequired, checksumWithObjectLock, singleChecksum } from './checksum-headers.ts'
import { copyDirectives } from './copy-directives.ts'
import {
  CHECKSUM,
  CHECKSUM_VALUES,
  CHUNKED_BODY,
  COPY_SOURCE,
  COPY_SOURCE_ACCESS,
  CUSTOMER_KEY,
  GRANTS,
  NEW_OBJECT,
  READ_CONDITIONS,
  WRITE_CONDITIONS,
} from './header-groups.ts'
import { multipartChecksum } from './multipart-checksum.ts'
import { newObject } from './new-object.ts'
import type { BodyKind } from './payload-hash.ts'
import type { Rule } from './rule.ts'
import { noStrayPartNumber, readsOneThing } from './sub-resources.ts'
import { writeConditions } from './write-conditions.ts'

/** Form that a request of one operation may have. */
export interface OperationRules {
  /** Its own headers among `x-amz-*` and `if-*`, as in the S3 API Reference for general purpose buckets. */
  headers: readonly string[]
  body: BodyKind
  /** Rules that must hold of them, in this order. */
  rules: readonly Rule[]
}

const READ: OperationRules = {
  headers: ['x-amz-checksum-mode', ...CUSTOMER_KEY, ...READ_CONDITIONS],
  body: 'none',
  rules: [readsOneThing],
}
const LIST: OperationRules = { headers: ['x-amz-optional-object-attributes'], body: 'none', rules: [] }
const BUCKET: OperationRules = { headers: [], body: 'none', rules: [] }

/** Every operation. Headers that are for directory buckets alone (x-amz-if-match-size, ...) are in none. */
export const REQUEST_RULES: Record<OperationName, OperationRules> = {
  PutObject: {
    headers: [...NEW_OBJECT, ...CHECKSUM, ...CHUNKED_BODY, ...WRITE_CONDITIONS],
    body: 'content',
    rules: [noStrayPartNumber, newObject, writeConditions, singleChecksum, checksumWithObjectLock('Put Object')],
  },
  CopyObject: {
    headers: [
      ...NEW_OBJECT,
      ...COPY_SOURCE,
      ...COPY_SOURCE_ACCESS,
      ...WRITE_CONDITIONS,
      'x-amz-checksum-algorithm',
      'x-amz-metadata-directive',
      'x-amz-object-annotation-directive',
      'x-amz-tagging-directive',
    ],
    body: 'none',
    rules: [noStrayPartNumber, newObject, copyDirectives, writeConditions],
  },
  DeleteObject: {
    headers: ['if-match', 'x-amz-bypass-governance-retention', 'x-amz-mfa'],
    body: 'none',
    rules: [],
  },
  DeleteObjects: {
    headers: [...CHECKSUM, 'x-amz-bypass-governance-retention', 'x-amz-mfa'],
    body: 'document',
    rules: [singleChecksum, checksumRequired],
  },
  CreateMultipartUpload: {
    headers: [...NEW_OBJECT, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    body: 'none',
    rules: [newObject, multipartChecksum],
  },
  UploadPart: {
    headers: [...CHECKSUM, ...CHUNKED_BODY, ...CUSTOMER_KEY],
    body: 'content',
    rules: [singleChecksum, checksumWithObjectLock('Put Part')],
  },
  UploadPartCopy: {
    headers: [...COPY_SOURCE, ...COPY_SOURCE_ACCESS, ...CUSTOMER_KEY, 'x-amz-copy-source-range'],
    body: 'none',
    rules: [],
  },
  CompleteMultipartUpload: {
    headers: [...CHECKSUM_VALUES, ...CUSTOMER_KEY, ...WRITE_CONDITIONS, 'x-amz-checksum-type', 'x-amz-mp-object-size'],
    body: 'document',
    rules: [writeConditions],
  },
  AbortMultipartUpload: BUCKET,
  ListParts: { headers: CUSTOMER_KEY, body: 'none', rules: [] },
  GetObject: READ,
  HeadObject: READ,
  ListMultipartUploads: BUCKET,
  ListObjects: LIST,
  ListObjectsV2: LIST,
  HeadBucket: BUCKET,
  GetBucketLocation: BUCKET,
  GetPublicAccessBlock: BUCKET,
  GetBucketOwnershipControls: BUCKET,
  GetBucketVersioning: BUCKET,
  GetBucketLifecycleConfiguration: BUCKET,
  GetBucketEncryption: BUCKET,
  GetBucketPolicyStatus: BUCKET,
  GetObjectLockConfiguration: BUCKET,
  GetBucketCors: BUCKET,
  ListBuckets: BUCKET,
  DeleteBucket: BUCKET,
  CreateBucket: {
    headers: [
      'x-amz-acl',
      ...GRANTS,
      'x-amz-bucket-namespace',
      'x-amz-bucket-object-lock-enabled',
      'x-amz-object-ownership',
    ],
    body: 'document',
    rules: [],
  },
}
