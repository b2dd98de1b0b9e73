import { createHash } from 'node:crypto'
import type { Answer, Call, Operation } from '../call.ts'
import { bucketOf, keyOf, requestHeader, xml } from '../call.ts'
import { checksumOf } from '../checksums.ts'
import { Content } from '../content.ts'
import { s3Error } from '../../errors.ts'
import type { Quirks } from '../quirks.ts'
import { encryptionHeaders, wholeSecond } from '../object-headers.ts'
import { receiveText } from '../payload.ts'
import { requireWritable } from '../preconditions.ts'
import type { Part, Upload } from '../store.ts'
import { children, document, element, malformed, parseDocument, text } from '../xml.ts'
import { checksumElements, noSuchUpload, uploadOf } from './multipart.ts'

interface Named {
  number: number
  etag: string
  checksums: Record<string, string>
}

export const completeMultipartUpload: Operation = async call => {
  const bucket = bucketOf(call)
  const named = parse(await receiveText(call.request, call.authentication))
  const fingerprint = named.map(({ number, etag }) => `${number}:${etag}`).join()
  const repeated = repeatedAnswer(call, fingerprint)
  if (repeated) return repeated
  const upload = uploadOf(call)
  const parts = choose(upload, named, call.cloud.quirks)
  const size = parts.reduce((sum, part) => sum + part.content.size, 0)
  const expected = requestHeader(call, 'x-amz-mp-object-size')
  if (expected !== undefined && Number(expected) !== size) {
    throw s3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${expected} does not match ${size}`,
    )
  }
  requireWritable(call, bucket, upload.key)

  const md5 = createHash('md5')
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'))
  const etag = `${md5.digest('hex')}-${parts.length}`
  const checksums = compositeChecksum(upload, parts)
  const content = Content.concat(parts.map(part => part.content))
  bucket.put({ key: upload.key, content, etag, modified: wholeSecond(), headers: upload.headers, checksums })
  bucket.dropUpload(upload)
  const answer = document(
    'CompleteMultipartUploadResult',
    element('Location', `http://${call.request.headers.host ?? 'localhost'}/${bucket.name}/${upload.key}`),
    element('Bucket', bucket.name),
    element('Key', upload.key),
    element('ETag', `"${etag}"`),
    ...checksumElements(checksums),
  )
  bucket.rememberCompleted(upload.id, { key: upload.key, parts: fingerprint, answer })
  return xml(answer, encryptionHeaders(upload.headers))
}

/** AWS answers the same completion again as it did the first time; MinIO does not know the upload any more. */
function repeatedAnswer(call: Call, fingerprint: string): Answer | undefined {
  const completed = bucketOf(call).completed.get(call.request.query.get('uploadId') ?? '')
  if (!completed) return undefined
  if (call.cloud.quirks.forgetsCompletedUploads) throw noSuchUpload()
  if (completed.key !== keyOf(call) || completed.parts !== fingerprint) throw noSuchUpload()
  return xml(completed.answer)
}

function parse(body: string): Named[] {
  const named = children(parseDocument('CompleteMultipartUpload', body), 'Part').map(part => {
    const number = Number(text(part, 'PartNumber') ?? Number.NaN)
    const etag = text(part, 'ETag')?.trim().replaceAll('"', '')
    if (!Number.isInteger(number) || etag === undefined) throw malformed()
    const checksums: Record<string, string> = {}
    for (const [name, value] of Object.entries(part)) {
      if (name.startsWith('Checksum') && typeof value === 'string')
        checksums[name.slice(8).toLowerCase()] = value.trim()
    }
    return { number, etag, checksums }
  })
  if (named.length === 0) throw malformed()
  return named
}

/** The parts in the order of the request, after every rule that AWS checks. */
function choose(upload: Upload, named: readonly Named[], quirks: Quirks): Part[] {
  const algorithm = upload.checksumAlgorithm
  const parts = named.map(({ number, etag, checksums }, index) => {
    if (index > 0 && number <= named[index - 1]!.number) {
      throw s3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      )
    }
    const part = upload.parts.get(number)
    const differs = Object.entries(checksums).some(([name, value]) => (part?.checksums[name] ?? value) !== value)
    if (part?.etag !== etag || differs) {
      throw s3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found. The part may not have been uploaded, or the specified ' +
          "entity tag may not match the part's entity tag.",
        { PartNumber: String(number), ETag: etag },
      )
    }
    if (algorithm !== undefined && checksums[algorithm] === undefined) {
      throw s3Error(
        'InvalidRequest',
        `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each ` +
          `part. It was missing for part ${number} in the request.`,
      )
    }
    return part
  })
  const small = parts.slice(0, -1).find(part => part.content.size < quirks.minPartBytes)
  if (small) {
    throw s3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      ProposedSize: String(small.content.size),
      MinSizeAllowed: String(quirks.minPartBytes),
      PartNumber: String(small.number),
    })
  }
  if (quirks.equalParts) requireEqualParts(parts)
  return parts
}

/** "All parts must be the same size except for the last one, which can be smaller" (R2, Multipart objects). */
function requireEqualParts(parts: readonly Part[]): void {
  const size = parts[0]?.content.size ?? 0
  const equal = parts.slice(0, -1).every(part => part.content.size === size)
  if (!equal || (parts.at(-1)?.content.size ?? 0) > size) {
    throw s3Error('InvalidPart', 'All non-trailing parts must have the same length.')
  }
}

/** The checksum of the parts' checksums, with their number ("Checking object integrity", S3 User Guide). */
function compositeChecksum(upload: Upload, parts: readonly Part[]): Record<string, string> {
  const algorithm = upload.checksumAlgorithm
  if (algorithm === undefined) return {}
  const joined = Buffer.concat(parts.map(part => Buffer.from(part.checksums[algorithm] ?? '', 'base64')))
  return { [algorithm]: `${checksumOf(algorithm, joined)}-${parts.length}` }
}
