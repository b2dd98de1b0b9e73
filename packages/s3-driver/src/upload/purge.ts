import type { CallOptions, PurgeResult } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { pages } from '../listing/pages.ts'
import { MultipartUpload, listUploads } from '../multipart/multipart-upload.ts'
import { deleteOverflow } from './overflow.ts'
import { deleteCheckpoint, readCheckpoint } from './checkpoint.ts'
import { uploadRef } from './state.ts'

/**
 * Discards the uploads at `top` and below it that nobody has touched since `olderThan`: by their records, and then the
 * multipart uploads that have none. An upload that is old but whose record is not is still being written.
 */
export async function purgeUploads(
  bucket: Bucket,
  olderThan: Date,
  top: string,
  options: CallOptions,
): Promise<PurgeResult> {
  const isCovered = (path: string): boolean => top === '/' || path === top || path.startsWith(`${top}/`)
  let uploads = 0
  const live = new Set<string>()
  for await (const { key, modifiedAt } of listCheckpoints(bucket, top, options)) {
    const path = bucket.keys.pathOfCheckpoint(key)
    if (!isCovered(path)) continue
    const spill = bucket.keys.overflowId(key)
    if (spill !== undefined) {
      if (modifiedAt < olderThan) await deleteOverflow(bucket, path, spill, options)
      continue
    }
    const record = await readCheckpoint(bucket, path, options)
    if (modifiedAt >= olderThan) {
      if (record?.uploadId !== undefined) live.add(record.uploadId)
      continue
    }
    if (record?.uploadId !== undefined) {
      await new MultipartUpload(bucket, uploadRef(bucket, path, record.temporaryKey), record.uploadId).abort(options)
    }
    await deleteCheckpoint(bucket, path, options)
    uploads++
  }
  // The root's listing holds those that are temporaryKey, too.
  for (const prefix of [bucket.keys.key(top), ...(top === '/' ? [] : [bucket.keys.checkpoint(top)])]) {
    for await (const { place, id, initiated } of listUploads(bucket, prefix, options)) {
      if (!isCovered(place.path) || initiated >= olderThan || live.has(id)) continue
      await new MultipartUpload(bucket, place, id).abort(options)
      uploads++
    }
  }
  return { uploads }
}

async function* listCheckpoints(
  bucket: Bucket,
  top: string,
  options: CallOptions,
): AsyncIterable<{ key: string; modifiedAt: Date }> {
  for await (const { objects } of pages(bucket, { Prefix: bucket.keys.checkpoint(top) }, options)) {
    for (const { Key = '', LastModified = new Date(0) } of objects) {
      yield { key: Key, modifiedAt: LastModified }
    }
  }
}
