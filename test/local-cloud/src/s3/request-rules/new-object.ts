import { s3Error } from '../../errors.ts'
import { GRANTS } from './header-groups.ts'
import { invalid } from './checksum-headers.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/** "Canned ACL" in "Access control list (ACL) overview", S3 User Guide. */
const CANNED_ACLS = new Set([
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
])

/**
 * Storage classes of general purpose buckets (PutObject: x-amz-storage-class). EXPRESS_ONEZONE is for directory buckets,
 * OUTPOSTS for S3 on Outposts, SNOW and FSX_* for nothing that is written here.
 */
const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
])

const MAX_METADATA_BYTES = 2048
const MAX_HEADER_BYTES = 8192

/** Checks the headers in which PutObject, CopyObject and CreateMultipartUpload describe an object. */
export const newObject: Rule = (request, context) => {
  for (const rule of [acl, storageClass, metadataSize, tags, redirect]) rule(request, context)
}

/** "Disabling ACLs for all new buckets": BucketOwnerEnforced is every new bucket's setting since April 2023. */
const acl: Rule = (request, { settings }) => {
  const canned = textHeader(request, 'x-amz-acl')
  const hasGrants = GRANTS.some(name => textHeader(request, name) !== undefined)
  if (canned !== undefined && hasGrants) {
    throw invalid('Specifying both Canned ACLs and Header Grants is not allowed')
  }
  if (canned !== undefined && !CANNED_ACLS.has(canned)) {
    throw s3Error('InvalidArgument', '', { ArgumentName: 'x-amz-acl', ArgumentValue: canned })
  }
  const isOwners = canned === undefined ? !hasGrants : canned === 'bucket-owner-full-control'
  if (settings.objectOwnership === 'BucketOwnerEnforced' && !isOwners) {
    throw s3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs')
  }
}

const storageClass: Rule = request => {
  const value = textHeader(request, 'x-amz-storage-class')
  if (value === undefined || STORAGE_CLASSES.has(value)) return
  throw s3Error('InvalidStorageClass', 'The storage class you specified is not valid', { StorageClassRequested: value })
}

/**
 * "Within the PUT request header, the user-defined metadata is limited to 2 KB in size ... the sum of the number of bytes in the
 * UTF-8 encoding of each key and value"; the request header is limited to 8 KB ("Working with object metadata").
 */
const metadataSize: Rule = request => {
  let size = 0
  let metadata = 0
  for (const [name, value] of Object.entries(request.headers)) {
    const bytes = Buffer.byteLength(String(value), 'latin1')
    size += name.length + bytes
    if (name.startsWith('x-amz-meta-')) metadata += name.length - 'x-amz-meta-'.length + bytes
  }
  if (metadata > MAX_METADATA_BYTES) {
    throw s3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(metadata),
      MaxSizeAllowed: String(MAX_METADATA_BYTES),
    })
  }
  if (size > MAX_HEADER_BYTES) {
    throw s3Error('RequestHeaderSectionTooLarge', 'Your request header section exceeds the maximum allowed size.', {
      MaxSizeAllowed: String(MAX_HEADER_BYTES),
    })
  }
}

/** "Categorizing your storage using tags": ten of them, keys up to 128 characters, values up to 256, each key once. */
const tags: Rule = request => {
  const header = textHeader(request, 'x-amz-tagging')
  if (header === undefined) return
  const pairs = [...new URLSearchParams(header)]
  if (new Set(pairs.map(([key]) => key)).size < pairs.length || pairs.some(([key]) => key === '')) {
    throw s3Error(
      'InvalidArgument',
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name " +
        'duplicates.',
      { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
    )
  }
  if (pairs.length > 10) throw s3Error('BadRequest', 'Object tags cannot be greater than 10')
  for (const [key, value] of pairs) {
    if (key.length > 128) throw s3Error('InvalidTag', 'The TagKey you have provided is invalid', { TagKey: key })
    if (value.length > 256) throw s3Error('InvalidTag', 'The TagValue you have provided is invalid', { TagKey: key })
  }
}

const redirect: Rule = request => {
  const location = textHeader(request, 'x-amz-website-redirect-location')
  if (location === undefined || /^(?:\/|https?:\/\/)/.test(location)) return
  throw s3Error(
    'InvalidRedirectLocation',
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  )
}
