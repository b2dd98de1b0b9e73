import type { Call } from './call.ts'
import { s3Error } from '../errors.ts'
import type { StoredObject } from './store.ts'

const STORED = new Set([
  'cache-control',
  'content-disposition',
  'content-language',
  'content-type',
  'expires',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
])

const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'OUTPOSTS',
  'GLACIER_IR',
  'SNOW',
  'EXPRESS_ONEZONE',
])

/** What PutObject, CopyObject and CreateMultipartUpload leave on the object, after a look at whether they may. */
export function headersToStore(call: Call): Record<string, string> {
  const stored: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  for (const [name, value] of Object.entries(call.request.headers)) {
    if (typeof value !== 'string') continue
    if (STORED.has(name) || name.startsWith('x-amz-meta-')) stored[name] = value
    if (name === 'content-encoding') {
      // aws-chunked belongs to the transfer: S3 stores what is left of the header without it.
      const codings = value.split(',').map(coding => coding.trim())
      const left = codings.filter(coding => coding !== 'aws-chunked' && coding !== '').join(',')
      if (left !== '') stored[name] = left
    }
  }
  const storageClass = stored['x-amz-storage-class']
  if (storageClass !== undefined && !STORAGE_CLASSES.has(storageClass)) {
    throw s3Error('InvalidStorageClass', 'The storage class you specified is not valid')
  }
  const acl = call.request.headers['x-amz-acl']
  if (call.cloud.quirks.refusesAcls && acl !== undefined && acl !== 'bucket-owner-full-control') {
    throw s3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs')
  }
  return stored
}

/** Every answer about an encrypted object or upload says how it is encrypted. */
export function encryptionHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side-encryption')))
}

export function storageClassOf(object: StoredObject): string {
  return object.headers['x-amz-storage-class'] ?? 'STANDARD'
}

export function checksumHeaders(checksums: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]))
}

/** S3 keeps times in whole seconds. */
export function wholeSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000
}
