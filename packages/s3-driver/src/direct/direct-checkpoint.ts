import { randomUUID } from 'node:crypto'
import { type CallOptions, type FileMetadata, StorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'
import { pages } from '../listing/pages.ts'
import { readWhole } from '../objects/read.ts'

/**
 * State of a direct upload, in one small object of its own for as long as the upload is unfinished, so that any node goes on
 * with it.
 */
export interface DirectCheckpoint {
  readonly uploadId: string
  /** Path whose key the parts belong to: the commit's destination. */
  readonly destination: string
  /** Bytes of the whole file. */
  readonly size: number
  /** Bytes of each part but the last. */
  readonly partSize: number
  readonly metadata?: FileMetadata | undefined
}

const PREFIX = 'direct-'

const idPattern = new RegExp(`^${PREFIX}[0-9a-f-]{36}$`)

/** Makes the id of a new direct upload. It is the token in the object's metadata, too, by which a commit is recognised. */
export function newDirectUploadId(): string {
  return `${PREFIX}${randomUUID()}`
}

/** True where a temporary key's last component names a direct upload. */
export function isDirectUploadId(name: string): boolean {
  return idPattern.test(name)
}

/** True where a multipart upload to `path`, found in a listing, belongs to a direct upload: it is nobody else's to continue. */
export async function belongsToDirectUpload(
  bucket: Bucket,
  path: string,
  uploadId: string,
  options: CallOptions,
): Promise<boolean> {
  const prefix = bucket.keys.temporary(path, PREFIX)
  for await (const { objects } of pages(bucket, { Prefix: prefix }, options)) {
    for (const { Key = '' } of objects) {
      const id = Key.slice(prefix.length - PREFIX.length)
      const checkpoint = await readDirectCheckpoint(bucket, path, id, options)
      if (checkpoint?.uploadId === uploadId) return true
    }
  }
  return false
}

/** Stores the checkpoint of the upload to `path` with this id. */
export async function writeDirectCheckpoint(
  bucket: Bucket,
  path: string,
  id: string,
  checkpoint: DirectCheckpoint,
  options: CallOptions,
): Promise<void> {
  const content = Buffer.from(JSON.stringify({ version: 1, ...checkpoint }))
  await putObject(bucket, { key: bucket.keys.temporary(path, id), path }, content, options)
}

/** Reads the checkpoint of the upload to `path` with this id, or gives undefined where there is none. */
export async function readDirectCheckpoint(
  bucket: Bucket,
  path: string,
  id: string,
  options: CallOptions,
): Promise<DirectCheckpoint | undefined> {
  if (!isDirectUploadId(id)) return undefined
  const read = await undefinedIfNotFound(readWhole(bucket, bucket.keys.temporary(path, id), options, path))
  if (!read) return undefined
  const { version, ...checkpoint } = JSON.parse(read.content.toString()) as DirectCheckpoint & { version: number }
  if (version === 1) return checkpoint
  throw new StorageError('UNKNOWN', `the direct upload's checkpoint has version ${version}; accepted: 1`, { path })
}

/** Removes the checkpoint of the upload to `path` with this id; none being there is fine. */
export function deleteDirectCheckpoint(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<void> {
  return deleteObject(bucket, { key: bucket.keys.temporary(path, id), path }, options)
}
