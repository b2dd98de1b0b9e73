import type { Call, Operation } from '../call.ts'
import { bucketOf, keyOf, requestHeader, xml } from '../call.ts'
import { CHECKSUMS } from '../checksums.ts'
import { s3Error } from '../../errors.ts'
import { checksumHeaders, encryptionHeaders, headersToStore, wholeSecond } from '../object-headers.ts'
import { defaultType } from '../request-rules/multipart-checksum.ts'
import type { Part, Upload, UploadChecksum } from '../store.ts'
import { document, element } from '../xml.ts'
import { copySource, copySourceRange } from './copy.ts'
import { store } from './objects.ts'

export const createMultipartUpload: Operation = call => {
  const bucket = bucketOf(call)
  const key = keyOf(call)
  const headers = headersToStore(call)
  const upload = bucket.createUpload({ key, headers, checksum: checksumAsked(call), initiated: call.cloud.now() })
  const { checksum } = upload
  return xml(
    document(
      'InitiateMultipartUploadResult',
      element('Bucket', bucket.name),
      element('Key', key),
      element('UploadId', upload.id),
    ),
    {
      ...encryptionHeaders(headers),
      'x-amz-checksum-algorithm': checksum?.algorithm.toUpperCase(),
      'x-amz-checksum-type': checksum?.type,
    },
  )
}

export const uploadPart: Operation = async call => {
  const upload = uploadOf(call)
  const number = partNumberOf(call)
  const { content, md5, checksums } = await store(call)
  try {
    if (bucketOf(call).uploads.get(upload.id) !== upload) throw noSuchUpload()
    requireSameChecksum(upload, checksums)
  } catch (error) {
    content.release()
    throw error
  }
  putPart(upload, { number, content, etag: md5, modified: wholeSecond(call.cloud), checksums })
  return {
    status: 200,
    headers: { etag: `"${md5}"`, ...encryptionHeaders(upload.headers), ...checksumHeaders(checksums) },
  }
}

export const uploadPartCopy: Operation = async call => {
  const upload = uploadOf(call)
  const number = partNumberOf(call)
  const source = copySource(call).object
  const { start, end } = copySourceRange(call, source.content.size)
  const content = source.content.slice(start, end)
  const checksums: Record<string, string> = {}
  const algorithm = upload.checksum?.algorithm
  const checksum = algorithm === undefined ? undefined : CHECKSUMS[algorithm]?.()
  if (algorithm !== undefined && checksum) {
    for await (const piece of content.read()) checksum.update(piece)
    checksums[algorithm] = checksum.digest()
  }
  // The ETag of a part that was copied means nothing to anybody but the completion, and reading 5 GiB for it is dear.
  const etag = `${source.etag.slice(0, 8)}${content.size.toString(16).padStart(12, '0')}${start.toString(16).padStart(12, '0')}`
  const modified = wholeSecond(call.cloud)
  putPart(upload, { number, content, etag, modified, checksums })
  return xml(
    document(
      'CopyPartResult',
      element('LastModified', new Date(modified).toISOString()),
      element('ETag', `"${etag}"`),
      ...checksumElements(checksums),
    ),
    encryptionHeaders(upload.headers),
  )
}

function checksumAsked(call: Call): UploadChecksum | undefined {
  const algorithm = requestHeader(call, 'x-amz-checksum-algorithm')?.toLowerCase()
  if (algorithm === undefined) return undefined
  const type = requestHeader(call, 'x-amz-checksum-type')?.toUpperCase() ?? defaultType(algorithm)
  return { algorithm, type: type === 'FULL_OBJECT' ? type : 'COMPOSITE' }
}

/**
 * A part has a checksum of the upload's algorithm; without one only where the upload's type is FULL_OBJECT (versitygw#1342). An
 * upload that names no algorithm takes none: apache/opendal#4533, apache/arrow-rs#6793, dragonflydb/helio#152.
 */
function requireSameChecksum({ checksum }: Upload, given: Readonly<Record<string, string>>): void {
  const [actual] = Object.keys(given)
  if (actual === checksum?.algorithm) return
  if (actual === undefined && checksum?.type === 'FULL_OBJECT') return
  throw s3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${checksum?.algorithm ?? 'null'}, ` +
      `actual checksum Type: ${actual ?? 'null'}`,
  )
}

/** Aborting an upload that does not exist (any more) is an error at AWS. */
export const abortMultipartUpload: Operation = call => {
  bucketOf(call).dropUpload(uploadOf(call))
  return { status: 204 }
}

export function uploadOf(call: Call): Upload {
  const upload = bucketOf(call).uploads.get(call.request.query.get('uploadId') ?? '')
  if (!upload || upload.key !== keyOf(call)) throw noSuchUpload()
  return upload
}

export function noSuchUpload() {
  return s3Error(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  )
}

export function checksumElements(checksums: Readonly<Record<string, string>>) {
  return Object.entries(checksums).map(([name, value]) => element(`Checksum${name.toUpperCase()}`, value))
}

function partNumberOf(call: Call): number {
  const value = call.request.query.get('partNumber') ?? ''
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > 10_000) {
    throw s3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      ArgumentName: 'partNumber',
      ArgumentValue: value,
    })
  }
  return number
}

function putPart(upload: Upload, part: Part): void {
  upload.parts.get(part.number)?.content.release()
  upload.parts.set(part.number, part)
}
