import { createHash } from 'node:crypto'
import type { Answer, Call, Operation } from '../call.ts'
import { bucketOf, keyOf, requestHeader, xml } from '../call.ts'
import { CHECKSUMS } from '../checksums.ts'
import { Content } from '../content.ts'
import { s3Error } from '../../errors.ts'
import type { Quirks } from '../quirks.ts'
import { encryptionHeaders, wholeSecond } from '../object-headers.ts'
import { receiveText } from '../payload.ts'
import { requireWritable } from '../preconditions.ts'
import { isChecksumValue } from '../request-rules/checksum-headers.ts'
import { CHECKSUM_VALUES } from '../request-rules/header-groups.ts'
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
  const named = parse(await receiveText(call.request, call.authentication, 'object'))
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
  const content = Content.concat(parts.map(part => part.content))
  let checksums: Record<string, string>
  try {
    checksums = await checksumOfParts(upload, parts, content)
    requireChecksum(call, upload, checksums)
    requireWritable(call, bucket, upload.key)
    // Another completion may have come first while this one read.
    if (bucket.uploads.get(upload.id) !== upload) throw noSuchUpload()
  } catch (error) {
    content.release()
    throw error
  }
  bucket.put({ key: upload.key, content, etag, modified: wholeSecond(call.cloud), headers: upload.headers, checksums })
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
    if (number < 1) throw s3Error('InvalidArgument', 'PartNumber must be >= 1', { ArgumentName: 'PartNumber' })
    const checksums: Record<string, string> = {}
    for (const [name, value] of Object.entries(part)) {
      if (name.startsWith('Checksum') && typeof value === 'string')
        checksums[name.slice(8).toLowerCase()] = value.trim()
    }
    requireOneChecksum(checksums)
    return { number, etag, checksums }
  })
  if (named.length === 0 || named.length > 10_000) throw malformed()
  return named
}

/** The parts in the order of the request, after every rule that AWS checks. */
function choose(upload: Upload, named: readonly Named[], quirks: Quirks): Part[] {
  const { checksum } = upload
  const parts = named.map(({ number, etag, checksums }, index) => {
    if (index > 0 && number <= named[index - 1]!.number) {
      throw s3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      )
    }
    const part = upload.parts.get(number)
    // aws/aws-sdk-go-v2#3005: a checksum that the part does not have is InvalidPart, too.
    const differs = Object.entries(checksums).some(([name, value]) => part?.checksums[name] !== value)
    if (part?.etag !== etag || differs) {
      throw s3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found. The part may not have been uploaded, or the specified ' +
          "entity tag may not match the part's entity tag.",
        { PartNumber: String(number), ETag: etag },
      )
    }
    if (checksum?.type === 'COMPOSITE' && checksums[checksum.algorithm] === undefined) {
      throw s3Error(
        'InvalidRequest',
        `The upload was created using a ${checksum.algorithm} checksum. The complete request must include the checksum for each ` +
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

/** "Invalid Base64 or multiple checksums present in request" (openstack/swift, test_object_checksums, compared with AWS). */
function requireOneChecksum(checksums: Readonly<Record<string, string>>): void {
  const given = Object.entries(checksums)
  if (given.length === 0 || (given.length === 1 && given.every(([name, value]) => isChecksumValue(name, value)))) return
  throw s3Error('InvalidArgument', 'Invalid Base64 or multiple checksums present in request', {
    ArgumentName: 'Checksum',
    ArgumentValue: given.map(([name, value]) => `${name.toUpperCase()}:${value};`).join(''),
  })
}

/** The checksum of the whole, or that of the parts' checksums with their number ("Checking object integrity"). */
async function checksumOfParts(
  { checksum }: Upload,
  parts: readonly Part[],
  content: Content,
): Promise<Record<string, string>> {
  if (!checksum) return {}
  const { algorithm, type } = checksum
  const state = CHECKSUMS[algorithm]?.()
  if (!state) return {}
  if (type === 'FULL_OBJECT') {
    for await (const piece of content.read()) state.update(piece)
    return { [algorithm]: state.digest() }
  }
  for (const part of parts) state.update(Buffer.from(part.checksums[algorithm] ?? '', 'base64'))
  return { [algorithm]: `${state.digest()}-${parts.length}` }
}

/** Checks the object's checksum as the completion gives it: another type or value is BadDigest (CompleteMultipartUpload). */
function requireChecksum(call: Call, { checksum }: Upload, computed: Readonly<Record<string, string>>): void {
  const type = requestHeader(call, 'x-amz-checksum-type')?.toUpperCase()
  if (type !== undefined && type !== checksum?.type) {
    throw s3Error(
      'BadDigest',
      `The upload was created using the ${checksum?.type ?? 'null'} checksum mode. The complete request must use the ` +
        'same checksum mode.',
    )
  }
  for (const name of CHECKSUM_VALUES) {
    const value = requestHeader(call, name)
    const algorithm = name.slice('x-amz-checksum-'.length)
    if (value === undefined || (algorithm === checksum?.algorithm && !CHECKSUMS[algorithm])) continue
    // The number of parts may be left out of a composite one.
    const own = computed[algorithm]
    if (own !== undefined && (value === own || value === own.replace(/-\d+$/, ''))) continue
    throw s3Error('BadDigest', `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`)
  }
}
