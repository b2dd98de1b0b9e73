import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { type CallOptions, StorageError, isStorageError } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { readWhole } from './read.ts'
import type { Spill } from './spill.ts'

/**
 * What is remembered of an unfinished upload, in one small object of its own: which multipart upload it is, and the bytes
 * that did not fill a part. It is replaced, never removed before its successor is stored.
 *
 * The object is a line of JSON, a line feed, then those bytes.
 */
export interface UploadRecord {
  /** The multipart upload, once there is one. */
  readonly uploadId?: string | undefined
  /**
   * A random mark in the metadata of the object-to-be, by which a commit whose answer was lost is recognised. Uploads that
   * another program began have none.
   */
  readonly token?: string | undefined
  /** Bytes in parts when this was written; `tail` follows them. Later parts repeat the tail. */
  readonly offset: number
  /** Part numbers with the ETags that they had when they did not belong to the upload: left over behind a gap. */
  readonly stale?: Readonly<Record<string, string>> | undefined
  /** The bytes behind the parts. */
  readonly tail: Uint8Array
  /** Where those bytes are instead, when they were stored only to free their memory. */
  readonly spill?: Spill | undefined
}

const version = 1

export async function writeRecord(
  bucket: Bucket,
  path: string,
  record: UploadRecord,
  options: CallOptions,
): Promise<void> {
  const { tail, ...header } = record
  const Body = Buffer.concat([Buffer.from(`${JSON.stringify({ version, ...header })}\n`), tail])
  const Key = bucket.keys.uploadRecord(path)
  const command = new PutObjectCommand({ Bucket: bucket.name, Key, Body, ...bucket.settings })
  await bucket.run(o => bucket.client.send(command, o), options, path)
}

/** The record of an upload to `path`, or undefined. */
export async function readRecord(
  bucket: Bucket,
  path: string,
  options: CallOptions,
): Promise<UploadRecord | undefined> {
  try {
    return parse(await readWhole(bucket, bucket.keys.uploadRecord(path), options, path), path)
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return undefined
    throw error
  }
}

export async function deleteRecord(bucket: Bucket, path: string, options: CallOptions): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: bucket.keys.uploadRecord(path) })
  await bucket.run(o => bucket.client.send(command, o), options, path)
}

function parse(bytes: Buffer, path: string): UploadRecord {
  const end = bytes.indexOf('\n')
  const header = JSON.parse(bytes.subarray(0, end).toString()) as UploadRecord & { version: number }
  if (header.version !== version) {
    throw new StorageError('FAILED', `the upload's record has version ${header.version}; accepted: ${version}`, {
      path,
    })
  }
  return { ...header, tail: bytes.subarray(end + 1) }
}
