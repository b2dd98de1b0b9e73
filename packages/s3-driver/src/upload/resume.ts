import { type CallOptions, StorageError, isStorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { belongsToDirectUpload } from '../direct/direct-checkpoint.ts'
import { isOwned } from '../multipart/owner-marker.ts'
import { type ListedUpload, MultipartUpload, listUploads } from '../multipart/multipart-upload.ts'
import { type Part, totalSize } from '../multipart/parts.ts'
import { moveObject } from '../multipart/copy.ts'
import { TOKEN_NAME } from '../objects/metadata.ts'
import { type FoundCheckpoint, readCheckpoint, revisionOf } from './checkpoint.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { readOverflow } from './overflow.ts'
import { type UploadPaths, type UploadSettings, newUpload, newUploadRef } from './state.ts'
import { discardTakenOver, resumeTakeOver, takeOver } from './take-over.ts'
import { S3Upload } from './upload.ts'

/**
 * Continues the upload that was left at a path. Its checkpoint tells where it stands; an upload without one (Distribution
 * writes none) is found by listing the uploads of exactly this key. Costs a GET, and a ListParts for a multipart upload.
 */
export async function resumeUpload(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload> {
  const checkpoint = await readCheckpoint(bucket, paths.path, options)
  return (
    (checkpoint && (await resumeFromCheckpoint(bucket, paths, settings, checkpoint, options))) ??
    (await resumeFromListing(bucket, paths, settings, options)) ??
    (await replaceEmptyFile(bucket, paths, settings, checkpoint, options))
  )
}

/** Gives undefined where the multipart upload is gone: it was committed or discarded, or its commit was interrupted. */
async function resumeFromCheckpoint(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  checkpoint: FoundCheckpoint,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  const { path } = paths
  const { uploadId, checksum, temporaryKey, token, metadata, overflow, takenOver } = checkpoint
  const store = new CheckpointStore(bucket, path, checkpoint)
  if (takenOver && token === undefined) return resumeTakeOver(bucket, paths, settings, takenOver, store, options)
  if (takenOver) await discardTakenOver(bucket, path, takenOver, options)
  const ref = temporaryKey === undefined ? bucket.ref(path) : { key: temporaryKey, path }
  const multipart = uploadId === undefined ? undefined : new MultipartUpload(bucket, ref, uploadId, checksum)
  const uploaded = multipart ? await multipart.parts(options) : []
  if (uploaded === undefined) {
    const isFinished = temporaryKey !== undefined && (await finishInterruptedCommit(bucket, ref, settings, options))
    if (isFinished) await store.remove(options)
    return undefined
  }
  const stored = overflow ? await readOverflow(bucket, path, overflow, options) : checkpoint.tail
  const parts = settings.sizing.contiguousParts(uploaded, part => checkpoint.orphaned?.[part.number] === part.etag)
  const offset = totalSize(parts)
  // Parts after the checkpoint's offset begin with the tail, so what they hold of it is not needed any more.
  const tail =
    offset < checkpoint.offset ? new Uint8Array() : stored.subarray(Math.min(offset - checkpoint.offset, stored.length))
  const orphaned = orphanedParts(uploaded, parts)
  let revision = revisionOf(checkpoint, uploaded, offset + tail.length)
  if (multipart && Object.keys(orphaned).some(number => checkpoint.orphaned?.[number] !== orphaned[number])) {
    // Interrupted with parts after a gap: once the gap is filled, nothing else would tell them from the upload's own.
    await store.write({ uploadId, checksum, token, metadata, temporaryKey, offset, orphaned, tail })
    revision = undefined
  }
  const upload = new S3Upload(bucket, paths, settings, {
    multipart,
    ref: multipart ? ref : newUploadRef(bucket, paths),
    token,
    metadata,
    parts,
    orphaned,
    checkpoint: store,
    overflow,
  })
  await upload.restoreTail(tail, revision, options)
  return upload
}

/** A commit that was interrupted has left the object at its temporary key: it goes where the upload was left. */
async function finishInterruptedCommit(
  bucket: Bucket,
  temporary: ObjectRef,
  settings: UploadSettings,
  options: CallOptions,
): Promise<boolean> {
  try {
    await moveObject(bucket, temporary, bucket.ref(temporary.path), settings.copies, options)
    return true
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return false
    throw error
  }
}

async function resumeFromListing(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  const latest = await findLatest(bucket, paths.path, options)
  if (!latest) return undefined
  const { ref, id: uploadId } = latest
  const multipart = new MultipartUpload(bucket, ref, uploadId)
  const uploaded = await multipart.parts(options)
  if (!uploaded) return undefined
  const parts = settings.sizing.contiguousParts(uploaded, () => false)
  const completable = settings.sizing.completableParts(uploaded)
  const checkpoint = new CheckpointStore(bucket, paths.path)
  if (completable.length > parts.length && (await isAbsent(bucket, ref, options))) {
    return takeOver(bucket, paths, settings, { multipart, parts: completable }, checkpoint, options)
  }
  const orphaned = orphanedParts(uploaded, parts)
  if (Object.keys(orphaned).length > 0) {
    await checkpoint.write({ uploadId, offset: totalSize(parts), orphaned, tail: new Uint8Array() })
  }
  return new S3Upload(bucket, paths, settings, { multipart, ref, token: undefined, parts, orphaned, checkpoint })
}

/** An upload that is completed to be taken over must not replace a file before it is committed. */
async function isAbsent(bucket: Bucket, ref: ObjectRef, options: CallOptions): Promise<boolean> {
  return (await undefinedIfNotFound(headObject(bucket, ref, options))) === undefined
}

/** The multipart upload that was begun last at a path's own key, but for those that are no interrupted upload. */
async function findLatest(bucket: Bucket, path: string, options: CallOptions): Promise<ListedUpload | undefined> {
  const { key } = bucket.ref(path)
  const found: ListedUpload[] = []
  for await (const listed of listUploads(bucket, key, options)) if (listed.ref.key === key) found.push(listed)
  // Of two with one time the later in the list.
  for (const listed of found.toReversed().toSorted((a, b) => b.initiated.getTime() - a.initiated.getTime())) {
    const isForeign =
      (await isOwned(bucket, listed.id, options)) || (await belongsToDirectUpload(bucket, path, listed.id, options))
    if (!isForeign) return listed
  }
  return undefined
}

/** Replaces an upload of which nothing is left to continue: only a committed empty file may be written on. */
async function replaceEmptyFile(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  checkpoint: FoundCheckpoint | undefined,
  options: CallOptions,
): Promise<S3Upload> {
  const { path } = paths
  const { ContentLength, Metadata } = await headObject(bucket, bucket.ref(path), options)
  // That the upload is gone does not prove that it was committed; its token does.
  const isCommitted = checkpoint?.token !== undefined && Metadata?.[TOKEN_NAME] === checkpoint.token
  if (isCommitted) await new CheckpointStore(bucket, path, checkpoint).remove(options)
  if (ContentLength === 0) return new S3Upload(bucket, paths, settings, newUpload(bucket, paths))
  throw new StorageError(
    'ALREADY_COMMITTED',
    `a committed file of ${ContentLength} bytes is at ${path}; accepted: an unfinished upload, or an empty file`,
    { path },
  )
}

function orphanedParts(uploaded: readonly Part[], contiguous: readonly Part[]): Record<string, string> {
  return Object.fromEntries(uploaded.filter(part => !contiguous.includes(part)).map(part => [part.number, part.etag]))
}
