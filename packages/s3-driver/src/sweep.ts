import type { CallOptions, SweepResult } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { pages } from './list.ts'
import { MultipartUpload, listUploads } from './multipart.ts'
import { deleteRecord, readRecord } from './upload-record.ts'

/**
 * Discards the uploads below `directory` that nobody has touched since `olderThan`: by their records, and then the
 * multipart uploads that have none. An upload that is old but whose record is not is still being written.
 */
export async function sweepUploads(
  bucket: Bucket,
  olderThan: Date,
  directory: string,
  options: CallOptions,
): Promise<SweepResult> {
  let uploads = 0
  const live = new Set<string>()
  for await (const { path, modifiedAt } of listRecords(bucket, directory, options)) {
    const record = await readRecord(bucket, path, options)
    if (modifiedAt >= olderThan) {
      if (record?.uploadId !== undefined) live.add(record.uploadId)
      continue
    }
    if (record?.uploadId !== undefined) await new MultipartUpload(bucket, path, record.uploadId).abort(options)
    await deleteRecord(bucket, path, options)
    uploads++
  }
  for await (const { path, id, initiated } of listUploads(bucket, bucket.keys.prefix(directory), options)) {
    if (initiated >= olderThan || live.has(id)) continue
    await new MultipartUpload(bucket, path, id).abort(options)
    uploads++
  }
  return { uploads }
}

async function* listRecords(
  bucket: Bucket,
  directory: string,
  options: CallOptions,
): AsyncIterable<{ path: string; modifiedAt: Date }> {
  for await (const { objects } of pages(bucket, { Prefix: bucket.keys.uploadRecords(directory) }, options)) {
    for (const { Key = '', LastModified = new Date(0) } of objects) {
      yield { path: bucket.keys.pathOfRecord(Key), modifiedAt: LastModified }
    }
  }
}
