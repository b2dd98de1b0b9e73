import type { Call, Cloud } from './call.ts'
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

/** Properties that PutObject, CopyObject and CreateMultipartUpload leave on the object. */
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

/** Now, by the endpoint's clock: S3 keeps times in whole seconds. */
export function wholeSecond({ now }: Cloud): number {
  return Math.floor(now() / 1000) * 1000
}
