import { type CallOptions, StorageError } from '@longshore/middleware-core'
import { type Bucket, headObject } from './bucket.ts'
import { type ListedUpload, MultipartUpload, listUploads } from './multipart.ts'
import { type Part, totalSize } from './parts.ts'
import { readSpill } from './spill.ts'
import { deleteRecord, readRecord, writeRecord } from './upload-record.ts'
import type { UploadSettings } from './upload-state.ts'
import { S3Upload } from './writer.ts'

/**
 * Continues the upload that was left at `path`. Its record tells where it stands; an upload without one (Distribution
 * writes none) is found by listing the uploads of exactly this key. Costs a GET, and a ListParts for a multipart upload.
 */
export async function resumeUpload(
  bucket: Bucket,
  path: string,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload> {
  return (
    (await resumeRecorded(bucket, path, settings, options)) ??
    (await resumeUnrecorded(bucket, path, settings, options)) ??
    (await replaceEmptyFile(bucket, path, settings, options))
  )
}

async function resumeRecorded(
  bucket: Bucket,
  path: string,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  const record = await readRecord(bucket, path, options)
  if (!record) return undefined
  const multipart = record.uploadId === undefined ? undefined : new MultipartUpload(bucket, path, record.uploadId)
  const held = multipart ? await multipart.parts(options) : []
  if (held === undefined) {
    // Committed or discarded since; only the record outlived it.
    await deleteRecord(bucket, path, options)
    return undefined
  }
  const stored = record.spill ? await readSpill(bucket, path, record.spill, options) : record.tail
  const parts = settings.sizing.usable(held, part => record.stale?.[part.number] === part.etag)
  const offset = totalSize(parts)
  // Parts behind the recorded offset begin with the tail, so what they hold of it is not needed any more.
  const tail =
    offset < record.offset ? new Uint8Array() : stored.subarray(Math.min(offset - record.offset, stored.length))
  const stale = staleParts(held, parts)
  if (multipart && Object.keys(stale).some(number => record.stale?.[number] !== stale[number])) {
    // Interrupted with parts behind a gap: once the gap is filled, nothing else would tell them from the upload's own.
    await writeRecord(bucket, path, { uploadId: multipart.id, token: record.token, offset, stale, tail }, options)
  }
  const upload = new S3Upload(bucket, path, settings, {
    multipart,
    token: record.token,
    parts,
    stale,
    hasRecord: true,
    spill: record.spill,
  })
  await upload.restoreTail(tail, options)
  return upload
}

async function resumeUnrecorded(
  bucket: Bucket,
  path: string,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  let latest: ListedUpload | undefined
  for await (const listed of listUploads(bucket, bucket.keys.key(path), options)) {
    if (listed.path === path && (!latest || listed.initiated >= latest.initiated)) latest = listed
  }
  if (!latest) return undefined
  const multipart = new MultipartUpload(bucket, path, latest.id)
  const held = await multipart.parts(options)
  if (!held) return undefined
  const parts = settings.sizing.usable(held, () => false)
  const stale = staleParts(held, parts)
  const hasRecord = Object.keys(stale).length > 0
  if (hasRecord) {
    const record = { uploadId: multipart.id, offset: totalSize(parts), stale, tail: new Uint8Array() }
    await writeRecord(bucket, path, record, options)
  }
  return new S3Upload(bucket, path, settings, { multipart, parts, stale, hasRecord })
}

/** Nothing was left to continue: only a committed empty file may be written on. */
async function replaceEmptyFile(
  bucket: Bucket,
  path: string,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload> {
  const { ContentLength } = await headObject(bucket, path, options)
  if (ContentLength === 0) return new S3Upload(bucket, path, settings)
  throw new StorageError(
    'CONFLICT',
    `a committed file of ${ContentLength} bytes is at ${path}; accepted: an unfinished upload, or an empty file`,
    { path },
  )
}

function staleParts(held: readonly Part[], usable: readonly Part[]): Record<string, string> {
  return Object.fromEntries(held.filter(part => !usable.includes(part)).map(part => [part.number, part.etag]))
}
