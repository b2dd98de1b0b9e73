import { parseRange } from '../../byte-range.ts'
import type { Answer, Call, Operation } from '../call.ts'
import { bucketOf, keyOf, requestHeader } from '../call.ts'
import { Content } from '../content.ts'
import { s3Error } from '../../errors.ts'
import { checksumHeaders, encryptionHeaders, headersToStore, storageClassOf, wholeSecond } from '../object-headers.ts'
import { receive } from '../payload.ts'
import { noSuchKey } from '../permissions/permissions.ts'
import { isUnmodified, requireWritable } from '../preconditions.ts'
import type { StoredObject } from '../store.ts'

export const putObject: Operation = async call => {
  const bucket = bucketOf(call)
  const key = keyOf(call)
  const headers = headersToStore(call)
  requireWritable(call, bucket, key)
  const before = bucket.get(key)
  const { content, md5, checksums } = await store(call)
  try {
    requireWritable(call, bucket, key, before)
  } catch (error) {
    content.release()
    throw error
  }
  bucket.put({ key, content, etag: md5, modified: wholeSecond(call.cloud), headers, checksums })
  return {
    status: 200,
    headers: { etag: `"${md5}"`, ...encryptionHeaders(headers), ...checksumHeaders(checksums) },
  }
}

/** The request's body as content of its own, or nothing at all. */
export async function store(call: Call): Promise<{ content: Content; md5: string; checksums: Record<string, string> }> {
  const spool = call.cloud.spools.spool()
  try {
    const { md5, checksums } = await receive(call.request, call.authentication, piece => spool.write(piece))
    await spool.end()
    return { content: Content.of(spool), md5, checksums }
  } catch (error) {
    await spool.fail()
    throw error
  }
}

export const headObject: Operation = call => read(call)

export const getObject: Operation = call => {
  requireRetrieved(existing(call))
  return read(call)
}

/** Archived objects can be looked at and not read ("Restoring an archived object", S3 User Guide). */
export function requireRetrieved(object: StoredObject): void {
  const storageClass = storageClassOf(object)
  if (storageClass !== 'GLACIER' && storageClass !== 'DEEP_ARCHIVE') return
  throw s3Error('InvalidObjectState', "The operation is not valid for the object's storage class", {
    StorageClass: storageClass,
  })
}

function read(call: Call): Answer {
  if (call.request.query.has('partNumber')) {
    throw s3Error('NotImplemented', 'Reading by part number is not implemented here')
  }
  const object = existing(call)
  const headers = {
    ...describe(object),
    ...(requestHeader(call, 'x-amz-checksum-mode') === 'ENABLED' && !requestHeader(call, 'range')
      ? checksumHeaders(object.checksums)
      : {}),
    ...overrides(call),
  }
  if (isUnmodified(call, object)) {
    return { status: 304, headers: { etag: headers.etag, 'last-modified': headers['last-modified'] } }
  }
  const { size } = object.content
  const range = parseRange(requestHeader(call, 'range'), size)
  if (range === 'unsatisfiable') {
    throw s3Error('InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: requestHeader(call, 'range') ?? '',
      ActualObjectSize: String(size),
    })
  }
  const { start, end } = range ?? { start: 0, end: size }
  object.content.retain()
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'content-length': end - start,
      'content-range': range && `bytes ${start}-${end - 1}/${size}`,
    },
    body: { content: object.content, start, end },
  }
}

function existing(call: Call): StoredObject {
  const key = keyOf(call)
  const bucket = bucketOf(call)
  const object = bucket.get(key)
  if (!object) throw noSuchKey(call, bucket.name, key)
  return object
}

function describe(object: StoredObject) {
  const storageClass = storageClassOf(object)
  return {
    ...object.headers,
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified).toUTCString(),
    // "Amazon S3 returns this header for all objects except for S3 Standard storage class objects."
    'x-amz-storage-class': storageClass === 'STANDARD' ? undefined : storageClass,
  }
}

/** `response-content-disposition` and its kin; every request here is signed, which is what they need. */
function overrides(call: Call): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of [
    'cache-control',
    'content-disposition',
    'content-encoding',
    'content-language',
    'content-type',
    'expires',
  ]) {
    const value = call.request.query.get(`response-${name}`)
    if (value !== undefined) found[name] = value
  }
  return found
}
