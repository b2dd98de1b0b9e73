import { type CallOptions, StorageError, isStorageError } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'
import { readWhole } from '../objects/read.ts'
import type { PartBuffer } from './part-buffer.ts'
import { type UploadedPart, partsDigest } from '../multipart/parts.ts'
import type { OverflowObject } from './overflow.ts'

/**
 * What is remembered of an unfinished upload, in one small object of its own: which multipart upload it is, and the bytes
 * that did not fill a part. It is replaced, never removed before its successor is stored.
 *
 * The object is a line of JSON, a line feed, then those bytes.
 */
export interface Checkpoint {
  /** The multipart upload, once there is one. */
  readonly uploadId?: string | undefined
  /** That one's key is not the path's own but {@link KeyMapper.temporaryKey} under this id. */
  readonly temporaryKey?: string | undefined
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
  readonly spill?: OverflowObject | undefined
  /** A random text for exactly the bytes that are recorded here. Absent while parts are on their way. */
  readonly revision?: string | undefined
  /** With `revision`: the {@link partsDigest} of all parts that S3 held then. */
  readonly parts?: string | undefined
}

/** Bytes that come behind a record's header. */
type StorableTail = Uint8Array | Pick<PartBuffer, 'withHeader'>

/** A record that is to be stored. */
export type NewCheckpoint = Omit<Checkpoint, 'tail'> & { readonly tail: StorableTail }

/** A record as it was found. */
export interface FoundCheckpoint extends Checkpoint {
  /** To the second. */
  readonly modifiedAt: Date | undefined
}

/**
 * A reader that knows no `temporaryKey` would look for the multipart upload at another key, and take it for gone. One that knows no
 * `revision` loses nothing.
 */
function versionOf({ temporaryKey }: NewCheckpoint): number {
  return temporaryKey === undefined ? 1 : 2
}

export async function writeCheckpoint(
  bucket: Bucket,
  path: string,
  record: NewCheckpoint,
  options: CallOptions,
): Promise<void> {
  const { tail, ...fields } = record
  const header = Buffer.from(`${JSON.stringify({ version: versionOf(record), ...fields })}\n`)
  const place = { key: bucket.keys.checkpoint(path), path }
  const store = async (content: Uint8Array): Promise<void> => {
    await putObject(bucket, place, content, options)
  }
  await (tail instanceof Uint8Array ? store(Buffer.concat([header, tail])) : tail.withHeader(header, store))
}

/** The record of an upload to `path`, or undefined. */
export async function readCheckpoint(
  bucket: Bucket,
  path: string,
  options: CallOptions,
): Promise<FoundCheckpoint | undefined> {
  try {
    const { content, modifiedAt } = await readWhole(bucket, bucket.keys.checkpoint(path), options, path)
    return { ...parse(content, path), modifiedAt }
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return undefined
    throw error
  }
}

export function deleteCheckpoint(bucket: Bucket, path: string, options: CallOptions): Promise<void> {
  return deleteObject(bucket, { key: bucket.keys.checkpoint(path), path }, options)
}

/**
 * The revision of a record, if an upload of `size` bytes that goes on from it has the recorded bytes: the same parts, none of
 * them uploaded later than the record, and as many bytes behind them.
 *
 * The times are there because an ETag is an MD5, of which two contents can be made to agree: a part that somebody replaced
 * like that keeps its ETag. Both times are S3's own and come with answers that a resume needs anyway. They are compared by
 * the second, which is all that some servers tell. So what stays open is such a part from a writer that works on the upload
 * at the same time, within the second of the close or before it; a commit, which names parts by nothing but their ETags,
 * cannot tell that one either. A listing of the parts at each close would narrow this no further than to that second.
 */
export function revisionOf(record: FoundCheckpoint, held: readonly UploadedPart[], size: number): string | undefined {
  const isWhole = size === record.offset + (record.spill?.length ?? record.tail.length)
  const isSame = partsDigest(held) === record.parts
  const isLater = ({ modifiedAt }: UploadedPart): boolean => !(second(modifiedAt) <= second(record.modifiedAt))
  return isWhole && isSame && !held.some(isLater) ? record.revision : undefined
}

function second(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? Number.NaN) / 1000)
}

function parse(bytes: Buffer, path: string): Checkpoint {
  const end = bytes.indexOf('\n')
  const header = JSON.parse(bytes.subarray(0, end).toString()) as Checkpoint & { version: number }
  if (header.version !== 1 && header.version !== 2) {
    throw new StorageError('UNKNOWN', `the upload's record has version ${header.version}; accepted: 1, 2`, { path })
  }
  return { ...header, tail: bytes.subarray(end + 1) }
}
