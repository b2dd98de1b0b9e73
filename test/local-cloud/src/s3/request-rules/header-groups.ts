/** Headers that every signed request may carry. Those without `x-amz-` and `if-` are no matter of the table. */
export const EVERY_REQUEST = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-expected-bucket-owner',
  'x-amz-request-payer',
  'x-amz-security-token',
  // Sent by the SDKs for statistics.
  'x-amz-user-agent',
]

/** Headers of a body that may be `aws-chunked`. */
export const CHUNKED_BODY = ['x-amz-decoded-content-length', 'x-amz-trailer']

export const CHECKSUM_ALGORITHMS = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha512: 64,
  xxhash3: 8,
  xxhash64: 8,
  xxhash128: 16,
} as const

export const CHECKSUM_VALUES = Object.keys(CHECKSUM_ALGORITHMS).map(name => `x-amz-checksum-${name}`)

export const CHECKSUM = [...CHECKSUM_VALUES, 'x-amz-sdk-checksum-algorithm']

export const READ_CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

export const WRITE_CONDITIONS = ['if-match', 'if-none-match']

export const COPY_SOURCE = ['x-amz-copy-source', ...READ_CONDITIONS.map(name => `x-amz-copy-source-${name}`)]

/** An owner of the source, and the key of a source that is encrypted by the customer's own. */
export const COPY_SOURCE_ACCESS = [
  'x-amz-source-expected-bucket-owner',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key-md5',
]

export const ENCRYPTION = [
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-server-side-encryption-context',
]

/** SSE-C. */
export const CUSTOMER_KEY = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
]

export const GRANTS = [
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
]

/** Headers in which PutObject, CopyObject and CreateMultipartUpload describe the object that they make. `*` ends a prefix. */
export const NEW_OBJECT = [
  'x-amz-acl',
  ...GRANTS.filter(name => name !== 'x-amz-grant-write'),
  ...ENCRYPTION,
  ...CUSTOMER_KEY,
  'x-amz-meta-*',
  'x-amz-object-lock-event-hold*',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-amz-website-redirect-location',
]
