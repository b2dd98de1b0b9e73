import { buffer } from 'node:stream/consumers'
import { type CallOptions, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { multipartEtag } from '../multipart/complete.ts'
import { type PartRange, copyParts } from '../multipart/copy.ts'
import { MultipartUpload } from '../multipart/multipart-upload.ts'
import { type Part, MAX_PARTS, totalSize } from '../multipart/parts.ts'
import { isSameEtag } from '../objects/etag.ts'
import { deleteUnchanged } from '../objects/delete-object.ts'
import { metadataOf } from '../objects/metadata.ts'
import { readObject } from '../objects/read.ts'
import type { TakenOverUpload } from './checkpoint.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { type UploadPaths, type UploadSettings, newUpload } from './state.ts'
import { S3Upload } from './upload.ts'

/*
 * Distribution closes an upload with a last part of any size, under 5 MiB too, and that cannot be followed by another. S3 reads no
 * part of an unfinished upload, so its bytes are out of reach until it is an object. So it is completed where it lies, as
 * Distribution does to go on itself; what it holds becomes parts of a new upload, by copies on S3's side, and the rest of less than
 * a part goes into the checkpoint. Then the object is removed. Each step is in the checkpoint before it is taken.
 */

/** Unfinished upload of another program at the path's own key, and those of its parts that belong to it. */
interface ForeignUpload {
  readonly multipart: MultipartUpload
  readonly parts: readonly Part[]
}

/** Continues another program's upload that cannot be continued as it is. Nothing may be at its key. */
export async function takeOver(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  { multipart, parts }: ForeignUpload,
  store: CheckpointStore,
  options: CallOptions,
): Promise<S3Upload> {
  const size = totalSize(parts)
  const takenOver: TakenOverUpload = { uploadId: multipart.id, parts: parts.length, etag: multipartEtag(parts), size }
  await store.write({ offset: 0, tail: new Uint8Array(), takenOver })
  const hasCondition = await bucket.conditions.supports('complete', 'If-None-Match', options)
  const conditions = hasCondition ? { ifAbsent: true } : {}
  const etag = await multipart.complete(parts, { token: undefined, conditions }, options)
  return copyIntoUpload(bucket, paths, settings, { ...takenOver, etag }, store, options)
}

/** Goes on where taking over was interrupted. Gives undefined where nothing is left of the other program's upload. */
export async function resumeTakeOver(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  takenOver: TakenOverUpload,
  store: CheckpointStore,
  options: CallOptions,
): Promise<S3Upload | undefined> {
  const multipart = new MultipartUpload(bucket, bucket.ref(paths.path), takenOver.uploadId)
  const uploaded = await multipart.parts(options)
  if (uploaded) {
    if (await undefinedIfNotFound(headObject(bucket, bucket.ref(paths.path), options))) {
      // Somebody has put a file there since.
      await store.remove(options)
      return undefined
    }
    const parts = uploaded.toSorted((a, b) => a.number - b.number).slice(0, takenOver.parts)
    return takeOver(bucket, paths, settings, { multipart, parts }, store, options)
  }
  if (!(await findTakenOver(bucket, bucket.ref(paths.path), takenOver, options))) return undefined
  return copyIntoUpload(bucket, paths, settings, takenOver, store, options)
}

/** Discards what is left of an upload that was taken over: it itself, or the object that it became. */
export async function discardTakenOver(
  bucket: Bucket,
  path: string,
  takenOver: TakenOverUpload,
  options: CallOptions,
): Promise<void> {
  const ref = bucket.ref(path)
  await new MultipartUpload(bucket, ref, takenOver.uploadId).abort(options)
  if (await findTakenOver(bucket, ref, takenOver, options)) await deleteUnchanged(bucket, ref, takenOver.etag, options)
}

/** True where the object that the upload became is still there, and no other. */
async function findTakenOver(
  bucket: Bucket,
  ref: ObjectRef,
  { etag, size }: TakenOverUpload,
  options: CallOptions,
): Promise<boolean> {
  const head = await undefinedIfNotFound(headObject(bucket, ref, options))
  return head !== undefined && head.ContentLength === size && isSameEtag(head.ETag, etag)
}

async function copyIntoUpload(
  bucket: Bucket,
  paths: UploadPaths,
  settings: UploadSettings,
  takenOver: TakenOverUpload,
  store: CheckpointStore,
  options: CallOptions,
): Promise<S3Upload> {
  const { size, etag } = takenOver
  const source = bucket.ref(paths.path)
  const metadata = metadataOf(await headObject(bucket, source, options))
  const state = { ...newUpload(bucket, paths, metadata), checkpoint: store }
  const { ref, token } = state
  const ranges = [...fullParts(size, settings)]
  const offset = (ranges.at(-1)?.last ?? -1) + 1
  let multipart: MultipartUpload | undefined
  let parts: Part[] = []
  if (ranges.length > 0) {
    multipart = await MultipartUpload.create(bucket, ref, { token, metadata, hasOwnParts: true }, options)
    parts = await copyParts(bucket, source, { size, etag }, multipart, ranges, settings.copies, options)
  }
  const tail = await buffer(
    await readObject(bucket, source, { offset, ...options, ...(etag ? { ifRevision: etag } : {}) }),
  )
  const temporaryKey = multipart && ref.key !== source.key ? ref.key : undefined
  const { id: uploadId, checksum } = multipart ?? {}
  await store.write({ uploadId, checksum, token, metadata, temporaryKey, offset, tail, takenOver })
  await deleteUnchanged(bucket, source, etag, options)
  const upload = new S3Upload(bucket, paths, settings, { ...state, multipart, parts })
  await upload.restoreTail(tail, undefined, options)
  return upload
}

/** The full parts of this driver's size that so many bytes have. */
function* fullParts(size: number, { sizing }: UploadSettings): Iterable<PartRange> {
  const parts: Part[] = []
  for (let number = 1, first = 0; number <= MAX_PARTS; number++) {
    const last = first + sizing.sizeOf(number, parts) - 1
    if (last >= size) return
    parts.push({ number, etag: '', size: last - first + 1 })
    yield { number, first, last }
    first = last + 1
  }
}
