import { createHash } from 'node:crypto'
import type { ByteRange } from '../../byte-range.ts'
import type { Call, Operation } from '../call.ts'
import { bucketNamed, bucketOf, keyOf, requestHeader, xml } from '../call.ts'
import type { Content } from '../content.ts'
import { s3Error } from '../../errors.ts'
import { encryptionHeaders, headersToStore, wholeSecond } from '../object-headers.ts'
import { noSuchKey, requireAction } from '../permissions/permissions.ts'
import { failed, isUnmodified, requireWritable } from '../preconditions.ts'
import type { StoredObject } from '../store.ts'
import { document, element } from '../xml.ts'
import { requireRetrieved } from './objects.ts'

const FIVE_GIB = 5 * 1024 ** 3

/** The copy is an object of one part, whatever the source was made of: its ETag is the MD5 of its content. */
export const copyObject: Operation = async call => {
  const bucket = bucketOf(call)
  const key = keyOf(call)
  const { object: source, bucket: sourceBucket } = copySource(call)
  if (source.content.size > FIVE_GIB) {
    throw s3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${FIVE_GIB}`,
    )
  }
  const given = headersToStore(call)
  const replace = requestHeader(call, 'x-amz-metadata-directive') === 'REPLACE'
  const changes = Object.keys(given).some(name => !name.startsWith('x-amz-meta-') && name.startsWith('x-amz-'))
  if (sourceBucket === bucket.name && source.key === key && !replace && !changes) {
    throw s3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        'metadata, storage class, website redirect location or encryption attributes.',
    )
  }
  // Storage class and encryption are the request's in any case, never the source's.
  const kept = Object.entries(source.headers).filter(([name]) => !name.startsWith('x-amz-') || isMetadata(name))
  const own = Object.entries(given).filter(([name]) => name.startsWith('x-amz-') && !isMetadata(name))
  const headers = replace ? given : Object.fromEntries([...kept, ...own])
  const content = source.content.slice(0, source.content.size)
  const isOfParts = source.etag.includes('-')
  const etag = isOfParts ? await md5Of(content) : source.etag
  const checksums = isOfParts ? {} : source.checksums
  try {
    requireWritable(call, bucket, key)
  } catch (error) {
    content.release()
    throw error
  }
  const modified = wholeSecond(call.cloud)
  bucket.put({ key, content, etag, modified, headers, checksums })
  return xml(
    document(
      'CopyObjectResult',
      element('LastModified', new Date(modified).toISOString()),
      element('ETag', `"${etag}"`),
    ),
    encryptionHeaders(headers),
  )
}

async function md5Of(content: Content): Promise<string> {
  const md5 = createHash('md5')
  for await (const piece of content.read()) md5.update(piece)
  return md5.digest('hex')
}

/**
 * Source that `x-amz-copy-source` names: `bucket/key`, URL-encoded, with or without a slash before it. A `+` is a blank there, as in a
 * query (aws/aws-sdk-php#236, aws/aws-sdk-js#1821).
 */
export function copySource(call: Call): { object: StoredObject; bucket: string } {
  const header = requestHeader(call, 'x-amz-copy-source') ?? ''
  let path: string
  try {
    path = decodeURIComponent(header.replace(/\?versionId=null$/, '').replaceAll('+', ' ')).replace(/^\//, '')
  } catch {
    throw invalidSource()
  }
  const slash = path.indexOf('/')
  if (slash < 1 || slash === path.length - 1) throw invalidSource()
  const bucket = bucketNamed(call.cloud, path.slice(0, slash))
  const key = path.slice(slash + 1)
  requireAction(call, 's3:GetObject', bucket.name, key)
  const object = bucket.get(key)
  if (!object) throw noSuchKey(call, bucket.name, key)
  requireRetrieved(object)
  if (isUnmodified(call, object, 'x-amz-copy-source-')) throw failed('x-amz-copy-source-If-None-Match')
  return { object, bucket: bucket.name }
}

/** `x-amz-copy-source-range`, which unlike Range must name both ends, and both inside a source that is not small. */
export function copySourceRange(call: Call, size: number): ByteRange {
  const header = requestHeader(call, 'x-amz-copy-source-range')
  if (header === undefined) {
    if (size > FIVE_GIB) {
      throw s3Error(
        'InvalidRequest',
        `The specified copy source is larger than the maximum allowable size: ${FIVE_GIB}`,
      )
    }
    return { start: 0, end: size }
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? []
  if (first === undefined || last === undefined || Number(last) < Number(first)) {
    throw s3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the ' +
        'zero-based offsets of the first and last bytes to copy',
    )
  }
  if (Number(last) >= size) {
    throw s3Error('InvalidArgument', `Range specified is not valid for source object of size: ${size}`)
  }
  // "You can copy a range only if the source object is greater than 5 MB."
  if (size <= call.cloud.quirks.minPartBytes) {
    throw s3Error('InvalidRequest', 'The specified copy source is too small to copy a range of it')
  }
  return { start: Number(first), end: Number(last) + 1 }
}

function isMetadata(name: string): boolean {
  return name.startsWith('x-amz-meta-')
}

function invalidSource() {
  return s3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
}
