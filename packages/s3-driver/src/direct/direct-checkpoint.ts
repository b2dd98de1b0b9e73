import { createHash } from 'node:crypto'
import { type CallOptions, type FileMetadata, StorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Bucket, deleteObject, putObject } from '../bucket.ts'
import { readWhole } from '../objects/read.ts'

/**
 * State of a direct upload, in one small object of its own for as long as the upload is unfinished, so that any node goes on
 * with it. Its key holds a digest of the multipart upload's id: whoever finds that upload in a listing can ask for the
 * checkpoint, and leaves the upload alone where there is one.
 */
export interface DirectCheckpoint {
  readonly uploadId: string
  /** Path whose key the parts belong to: the commit's destination. */
  readonly destination: string
  /** Bytes of the whole file. */
  readonly size: number
  /** Bytes of each part but the last. */
  readonly partSize: number
  /** Mark in the metadata of the object-to-be, by which a commit whose answer was lost is recognised. */
  readonly token: string
  readonly metadata?: FileMetadata | undefined
}

const PREFIX = 'direct-'

/** Id of the direct upload to which a multipart upload belongs, if it belongs to one. */
export function directUploadId(uploadId: string): string {
  return `${PREFIX}${createHash('sha256').update(uploadId).digest('base64url').slice(0, 32)}`
}

/** True where a temporary key's last component names a direct upload. */
export function isDirectUploadId(name: string): boolean {
  return new RegExp(`^${PREFIX}[\\w-]{32}$`).test(name)
}

export async function writeDirectCheckpoint(
  bucket: Bucket,
  path: string,
  checkpoint: DirectCheckpoint,
  options: CallOptions,
): Promise<string> {
  const id = directUploadId(checkpoint.uploadId)
  const content = Buffer.from(JSON.stringify({ version: 1, ...checkpoint }))
  await putObject(bucket, { key: bucket.keys.temporary(path, id), path }, content, options)
  return id
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

export function deleteDirectCheckpoint(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<void> {
  return deleteObject(bucket, { key: bucket.keys.temporary(path, id), path }, options)
}
