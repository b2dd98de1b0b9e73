import type { ChecksumAlgorithm } from '@aws-sdk/client-s3'
import { type CallOptions, type FileMetadata, StorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import type { KeyMapper } from '../keys.ts'
import { type UploadedPart, partsDigest } from '../multipart/parts.ts'
import { readWhole } from '../objects/read.ts'

/**
 * State of an unfinished upload, in one small object of its own: which multipart upload it is, and the bytes that did not
 * fill a part. It is replaced, never removed before its successor is stored.
 *
 * The object is a line of JSON, a line feed, then those bytes.
 */
export interface Checkpoint {
  /** Random text for this writing of it: a writer whose answer was lost recognises its own. Older versions wrote none. */
  readonly id?: string | undefined
  /** The multipart upload, once there is one. */
  readonly uploadId?: string | undefined
  /** Checksum that the parts of the multipart upload have. Default: none. */
  readonly checksum?: ChecksumAlgorithm | undefined
  /** Key of the multipart upload, unless it is the path's own. */
  readonly temporaryKey?: string | undefined
  /**
   * Random text in the metadata of the object-to-be, by which a commit whose answer was lost is recognised. Uploads that
   * another program started have none.
   */
  readonly token?: string | undefined
  /** Metadata of the file. */
  readonly metadata?: FileMetadata | undefined
  /** Bytes in parts when this was written; `tail` follows them. Later parts repeat the tail. */
  readonly offset: number
  /** Part numbers with the ETags that they had when they did not belong to the upload: left over after a gap. */
  readonly orphaned?: Readonly<Record<string, string>> | undefined
  /** Bytes after the parts. */
  readonly tail: Uint8Array
  /** Object that has those bytes instead, when they were stored only to free their memory. */
  readonly overflow?: OverflowObject | undefined
  /** Another program's upload whose bytes are on their way into this one: see `takeOver`. */
  readonly takenOver?: TakenOverUpload | undefined
  /** Random text for exactly the bytes that are stored. Absent while parts are under way. */
  readonly revision?: string | undefined
  /** {@link partsDigest} of all parts that S3 held at the time of `revision`; given with it. */
  readonly parts?: string | undefined
}

/** Object with bytes of an open upload that were stored only to free their memory. */
export interface OverflowObject {
  readonly key: string
  /** Bytes. */
  readonly length: number
  /** ETag: a later overflow of the same upload has the same key. Older versions stored none. */
  readonly etag?: string | undefined
}

/** Upload of another program that became an object for a moment, at the path's own key. */
export interface TakenOverUpload {
  readonly uploadId: string
  /** Numbers of the parts that the object is made of: 1 to this one. */
  readonly parts: number
  /** ETag of that object; undefined where those of the parts do not tell it. */
  readonly etag?: string | undefined
  /** Bytes. */
  readonly size: number
}

/** A checkpoint as it was found. */
export interface FoundCheckpoint extends Checkpoint {
  readonly etag: string | undefined
  /** To the second. */
  readonly modifiedAt: Date | undefined
}

/** First line of a checkpoint of version 3: its keys lack the root directory. */
type Header = Omit<Checkpoint, 'tail'> & { readonly version: 3 }

/** First line of versions 1 and 2, whose temporary keys were {@link KeyMapper.legacyTemporary}. Version 1 knew no `staged`. */
type LegacyHeader = Pick<Checkpoint, 'uploadId' | 'token' | 'offset' | 'revision' | 'parts'> & {
  readonly version: 1 | 2
  readonly staged?: string | undefined
  readonly stale?: Readonly<Record<string, string>> | undefined
  readonly spill?: { readonly id: string; readonly length: number } | undefined
}

/** First line of a checkpoint's object, line feed included. */
export function checkpointHeader(keys: KeyMapper, checkpoint: Omit<Checkpoint, 'tail'>): Buffer {
  const stored: Header = { version: 3, ...mapKeys(checkpoint, key => keys.withoutRoot(key)) }
  return Buffer.from(`${JSON.stringify(stored)}\n`)
}

/** Reads the checkpoint of an upload to `path`, or gives undefined where there is none: one request. */
export async function readCheckpoint(
  bucket: Bucket,
  path: string,
  options: CallOptions,
): Promise<FoundCheckpoint | undefined> {
  const found = await undefinedIfNotFound(readWhole(bucket, bucket.keys.checkpoint(path), options, path))
  if (!found) return undefined
  const { content, ...rest } = found
  return { ...parseCheckpoint(bucket.keys, path, content), ...rest }
}

/**
 * Gives the revision of a checkpoint, if an upload of `size` bytes that goes on from it has the stored bytes: the same parts, none
 * of them uploaded later than the checkpoint, and as many bytes after them.
 *
 * The times are there because an ETag is an MD5, of which two contents can be made to agree: a part that somebody replaced
 * like that keeps its ETag. Both times are S3's own and come with answers that a resume needs anyway. They are compared by
 * the second, which is all that some servers tell. So what stays open is such a part from a writer that works on the upload
 * at the same time, within the second of the close or before it; a commit, which names parts by nothing but their ETags,
 * cannot tell that one either. A listing of the parts at each close would narrow this no further than to that second.
 */
export function revisionOf(
  checkpoint: FoundCheckpoint,
  uploaded: readonly UploadedPart[],
  size: number,
): string | undefined {
  const isWhole = size === checkpoint.offset + (checkpoint.overflow?.length ?? checkpoint.tail.length)
  const isSame = partsDigest(uploaded) === checkpoint.parts
  const isLater = ({ modifiedAt }: UploadedPart): boolean => !(second(modifiedAt) <= second(checkpoint.modifiedAt))
  return isWhole && isSame && !uploaded.some(isLater) ? checkpoint.revision : undefined
}

function second(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? Number.NaN) / 1000)
}

function parseCheckpoint(keys: KeyMapper, path: string, bytes: Buffer): Checkpoint {
  const end = bytes.indexOf('\n')
  const header = parseHeader(bytes.subarray(0, Math.max(end, 0)))
  const tail = bytes.subarray(end + 1)
  if (header?.version === 3) {
    const { version: _, ...fields } = header
    return { ...mapKeys(fields, key => keys.withRoot(key)), tail }
  }
  if (header?.version === 1 || header?.version === 2) {
    const { version: _, staged, stale: orphaned, spill, ...fields } = header
    return {
      ...fields,
      orphaned,
      tail,
      temporaryKey: staged === undefined ? undefined : keys.legacyTemporary(path, staged),
      overflow: spill && { key: keys.legacyTemporary(path, spill.id), length: spill.length },
    }
  }
  const found = header ? `version ${String(header['version'])}` : 'no header'
  throw new StorageError('UNKNOWN', `the upload's checkpoint has ${found}; accepted: versions 1 to 3`, { path })
}

function parseHeader(line: Buffer): Header | LegacyHeader | undefined {
  try {
    return JSON.parse(line.toString()) as Header | LegacyHeader
  } catch {
    return undefined
  }
}

function mapKeys<T extends Pick<Checkpoint, 'temporaryKey' | 'overflow'>>(fields: T, map: (key: string) => string): T {
  const { temporaryKey, overflow } = fields
  return {
    ...fields,
    temporaryKey: temporaryKey === undefined ? undefined : map(temporaryKey),
    overflow: overflow && { ...overflow, key: map(overflow.key) },
  }
}
