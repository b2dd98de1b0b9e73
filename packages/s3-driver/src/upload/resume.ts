import { type CallOptions, StorageError, isStorageError } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { moveObject } from '../objects/copy.ts'
import { type ListedUpload, MultipartUpload, listUploads } from '../multipart/multipart-upload.ts'
import { type Part, totalSize } from '../multipart/parts.ts'
import { readOverflow } from './overflow.ts'
import { deleteCheckpoint, readCheckpoint, revisionOf, writeCheckpoint } from './checkpoint.ts'
import { type UploadPaths, type UploadSettings, newTemporaryKey, uploadRef } from './state.ts'
import { S3Upload } from './upload.ts'

/**
 * Continues the upload that was left at a path. Its record tells where it stands; an upload without one (Distribution
 * writes none) is found by listing the uploads of exactly this key. Costs a GET, and a ListParts for a multipart upload.
 */
export async function resumeUpload(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload> {
  return (
    (await resumeFromCheckpoint(bucket, paths, settings, options)) ??
    (await resumeFromListing(bucket, paths, settings, options)) ??
    (await replaceEmptyFile(bucket, paths, settings, options))
  )
}

async function resumeFromCheckpoint(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  const { path } = paths
  const record = await readCheckpoint(bucket, path, options)
  if (!record) return undefined
  const place = uploadRef(bucket, path, record.temporaryKey)
  const multipart = record.uploadId === undefined ? undefined : new MultipartUpload(bucket, place, record.uploadId)
  const held = multipart ? await multipart.parts(options) : []
  if (held === undefined) {
    // Committed or discarded since; only the record outlived it, or the commit was interrupted on its way.
    if (record.temporaryKey !== undefined) await finishInterruptedCommit(bucket, place, settings, options)
    await deleteCheckpoint(bucket, path, options)
    return undefined
  }
  const stored = record.spill ? await readOverflow(bucket, path, record.spill, options) : record.tail
  const parts = settings.sizing.contiguousParts(held, part => record.stale?.[part.number] === part.etag)
  const offset = totalSize(parts)
  // Parts behind the recorded offset begin with the tail, so what they hold of it is not needed any more.
  const tail =
    offset < record.offset ? new Uint8Array() : stored.subarray(Math.min(offset - record.offset, stored.length))
  const stale = staleParts(held, parts)
  let revision = revisionOf(record, held, offset + tail.length)
  if (multipart && Object.keys(stale).some(number => record.stale?.[number] !== stale[number])) {
    const { token, temporaryKey } = record
    // Interrupted with parts behind a gap: once the gap is filled, nothing else would tell them from the upload's own.
    await writeCheckpoint(bucket, path, { uploadId: multipart.id, token, temporaryKey, offset, stale, tail }, options)
    revision = undefined
  }
  const upload = new S3Upload(bucket, paths, settings, {
    multipart,
    token: record.token,
    parts,
    stale,
    hasCheckpoint: true,
    temporaryKey: multipart ? record.temporaryKey : newTemporaryKey(paths),
    spill: record.spill,
  })
  await upload.restoreTail(tail, revision, options)
  return upload
}

/** A commit that was interrupted has left the object where it was temporaryKey: it goes where the upload was left. */
async function finishInterruptedCommit(
  bucket: Bucket,
  temporaryKey: ObjectRef,
  settings: UploadSettings,
  options: CallOptions,
): Promise<void> {
  try {
    await moveObject(bucket, temporaryKey, bucket.place(temporaryKey.path), settings.copies, options)
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
  }
}

async function resumeFromListing(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  const { path } = paths
  let latest: ListedUpload | undefined
  for await (const listed of listUploads(bucket, bucket.keys.key(path), options)) {
    if (listed.place.path === path && (!latest || listed.initiated >= latest.initiated)) latest = listed
  }
  if (!latest) return undefined
  const multipart = new MultipartUpload(bucket, latest.place, latest.id)
  const held = await multipart.parts(options)
  if (!held) return undefined
  const parts = settings.sizing.contiguousParts(held, () => false)
  const stale = staleParts(held, parts)
  const hasCheckpoint = Object.keys(stale).length > 0
  if (hasCheckpoint) {
    const record = { uploadId: multipart.id, offset: totalSize(parts), stale, tail: new Uint8Array() }
    await writeCheckpoint(bucket, path, record, options)
  }
  return new S3Upload(bucket, paths, settings, { multipart, parts, stale, hasCheckpoint })
}

/** Nothing was left to continue: only a committed empty file may be written on. */
async function replaceEmptyFile(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload> {
  const { path } = paths
  const { ContentLength } = await headObject(bucket, bucket.place(path), options)
  if (ContentLength === 0) return new S3Upload(bucket, paths, settings)
  throw new StorageError(
    'ALREADY_COMMITTED',
    `a committed file of ${ContentLength} bytes is at ${path}; accepted: an unfinished upload, or an empty file`,
    { path },
  )
}

function staleParts(held: readonly Part[], contiguousParts: readonly Part[]): Record<string, string> {
  return Object.fromEntries(held.filter(part => !contiguousParts.includes(part)).map(part => [part.number, part.etag]))
}
