import type { CallOptions, PurgeResult } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { pages } from './list-page.ts'
import { MultipartUpload, listUploads } from './multipart.ts'
import { deleteSpill } from './spill.ts'
import { deleteRecord, readRecord } from './upload-record.ts'
import { uploadPlace } from './upload-state.ts'

/**
 * Discards the uploads at `top` and below it that nobody has touched since `olderThan`: by their records, and then the
 * multipart uploads that have none. An upload that is old but whose record is not is still being written.
 */
export async function sweepUploads(
  bucket: Bucket,
  olderThan: Date,
  top: string,
  options: CallOptions,
): Promise<PurgeResult> {
  const isCovered = (path: string): boolean => top === '/' || path === top || path.startsWith(`${top}/`)
  let uploads = 0
  const live = new Set<string>()
  for await (const { key, modifiedAt } of listRecords(bucket, top, options)) {
    const path = bucket.keys.pathOfRecord(key)
    if (!isCovered(path)) continue
    const spill = bucket.keys.spillId(key)
    if (spill !== undefined) {
      if (modifiedAt < olderThan) await deleteSpill(bucket, path, spill, options)
      continue
    }
    const record = await readRecord(bucket, path, options)
    if (modifiedAt >= olderThan) {
      if (record?.uploadId !== undefined) live.add(record.uploadId)
      continue
    }
    if (record?.uploadId !== undefined) {
      await new MultipartUpload(bucket, uploadPlace(bucket, path, record.staged), record.uploadId).abort(options)
    }
    await deleteRecord(bucket, path, options)
    uploads++
  }
  // The root's listing holds those that are staged, too.
  for (const prefix of [bucket.keys.key(top), ...(top === '/' ? [] : [bucket.keys.uploadRecord(top)])]) {
    for await (const { place, id, initiated } of listUploads(bucket, prefix, options)) {
      if (!isCovered(place.path) || initiated >= olderThan || live.has(id)) continue
      await new MultipartUpload(bucket, place, id).abort(options)
      uploads++
    }
  }
  return { uploads }
}

async function* listRecords(
  bucket: Bucket,
  top: string,
  options: CallOptions,
): AsyncIterable<{ key: string; modifiedAt: Date }> {
  for await (const { objects } of pages(bucket, { Prefix: bucket.keys.uploadRecord(top) }, options)) {
    for (const { Key = '', LastModified = new Date(0) } of objects) {
      yield { key: Key, modifiedAt: LastModified }
    }
  }
}
