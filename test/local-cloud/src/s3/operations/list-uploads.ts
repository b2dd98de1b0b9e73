import { compareKeys } from '../key-index.ts'
import type { Operation } from '../call.ts'
import { bucketOf, xml } from '../call.ts'
import { s3Error } from '../../errors.ts'
import { pageOf } from '../page.ts'
import { document, element, optional } from '../xml.ts'
import { keyEncoder, pageLimit } from './list-objects.ts'
import { checksumElements, uploadOf } from './multipart.ts'

export const listParts: Operation = call => {
  const upload = uploadOf(call)
  const limit = pageLimit(call, 'max-parts')
  const marker = Number(call.request.query.get('part-number-marker') ?? 0)
  if (!Number.isInteger(marker)) throw s3Error('InvalidArgument', 'Argument part-number-marker must be an integer')
  const rest = [...upload.parts.values()].filter(part => part.number > marker).toSorted((a, b) => a.number - b.number)
  const { quirks } = call.cloud
  const isEmpty = quirks.emptyFirstPage && !call.request.query.has('part-number-marker')
  const page = rest.slice(0, isEmpty ? 0 : limit)
  const truncated = rest.length > page.length || quirks.alwaysTruncated
  const none = quirks.listsNullChecksum ? 'null' : undefined
  return xml(
    document(
      'ListPartsResult',
      element('Bucket', bucketOf(call).name),
      element('Key', upload.key),
      element('UploadId', upload.id),
      element('PartNumberMarker', marker),
      element('NextPartNumberMarker', page.at(-1)?.number ?? marker),
      element('MaxParts', limit),
      element('IsTruncated', truncated),
      page.map(part =>
        element(
          'Part',
          element('PartNumber', part.number),
          element('LastModified', new Date(part.modified).toISOString()),
          element('ETag', `"${part.etag}"`),
          element('Size', part.content.size),
          ...checksumElements(part.checksums),
        ),
      ),
      element('StorageClass', upload.headers['x-amz-storage-class'] ?? 'STANDARD'),
      optional('ChecksumAlgorithm', upload.checksum?.algorithm.toUpperCase() ?? none),
      optional('ChecksumType', upload.checksum?.type ?? none),
    ),
  )
}

export const listMultipartUploads: Operation = call => {
  const { quirks } = call.cloud
  if (quirks.noListMultipartUploads) {
    throw s3Error('NotImplemented', 'A header or query you provided implies functionality that is not implemented')
  }
  const bucket = bucketOf(call)
  const { query } = call.request
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const limit = pageLimit(call, 'max-uploads')
  const names = keyEncoder(call)
  const keyMarker = query.get('key-marker') ?? ''
  // "If key-marker is not specified, the upload-id-marker parameter is ignored."
  const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '')
  const uploads = bucket.sortedUploads().filter(({ key, id }) => {
    if (quirks.uploadsByExactKey && key !== prefix) return false
    const order = compareKeys(key, keyMarker)
    return order > 0 || (order === 0 && idMarker !== '' && id > idMarker)
  })
  // The uploads of the marker's own key are sorted out above, so that the page must not skip the rest of them.
  const after = delimiter === '' || keyMarker === '' ? undefined : keyMarker
  const page = pageOf(uploads, upload => upload.key, {
    prefix,
    delimiter,
    after: idMarker === '' ? after : undefined,
    limit,
  })
  const truncated = page.truncated || quirks.alwaysTruncated
  const lastUpload = page.items.at(-1)
  const nextKey = page.last ?? keyMarker
  const nextId = page.last === undefined ? idMarker : lastUpload?.key === page.last ? lastUpload.id : ''
  return xml(
    document(
      'ListMultipartUploadsResult',
      element('Bucket', bucket.name),
      element('Prefix', names(prefix)),
      element('KeyMarker', names(keyMarker)),
      element('UploadIdMarker', idMarker),
      optional('NextKeyMarker', truncated ? names(nextKey) : undefined),
      optional('NextUploadIdMarker', truncated ? nextId : undefined),
      optional('Delimiter', delimiter === '' ? undefined : names(delimiter)),
      element('MaxUploads', limit),
      optional('EncodingType', query.get('encoding-type')),
      element('IsTruncated', truncated),
      page.items.map(upload =>
        element(
          'Upload',
          element('Key', names(upload.key)),
          element('UploadId', upload.id),
          element('StorageClass', upload.headers['x-amz-storage-class'] ?? 'STANDARD'),
          element('Initiated', new Date(upload.initiated).toISOString()),
        ),
      ),
      page.commonPrefixes.map(common => element('CommonPrefixes', element('Prefix', names(common)))),
    ),
  )
}
