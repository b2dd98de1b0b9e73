import { randomUUID } from 'node:crypto'
import { CopyObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import {
  type CallOptions,
  type FileMetadata,
  type MoveOptions,
  type WriteConditions,
  isStorageError,
  revisionMismatch,
} from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { incompleteResponse } from '../errors.ts'
import { deleteObject, deleteUnchanged } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'
import { readWhole } from '../objects/read.ts'
import { cleanUp } from '../objects/clean-up.ts'
import { metadataOf } from '../objects/metadata.ts'
import { MultipartUpload, isGone } from './multipart-upload.ts'
import { markOwned, unmarkOwned } from './owner-marker.ts'
import type { CheckedS3Options } from '../options.ts'
import { serverOf } from '../server.ts'
import { forEachConcurrent } from '../pending-requests.ts'
import { type Part, MAX_PARTS, MIN_PART_SIZE, checksumsOf } from './parts.ts'

/** Settings of copies. Sizes are bytes. */
export interface CopySettings {
  /** Bytes of each part of a multipart copy but the last. */
  readonly chunkSize: number
  readonly concurrency: number
  /** Larger objects, unless they are one chunk only, are copied in parts, which the server does in parallel. */
  readonly threshold: number
}

/** Bytes up to which Amazon S3 is asked for a copy in one request: parts are copied in parallel. Distribution's default. */
const thresholdOnAmazon = 32 * 1024 * 1024

/**
 * The same for other servers. Ceph copies a whole object by reference: 512 MiB in 0.08 s, and in parts in 3 s. A server that
 * does copy the bytes has a minute for this many, until the request times out.
 */
const thresholdElsewhere = 1024 * 1024 * 1024

/** Times that a copy whose multipart upload has gone is made. */
const MAX_ATTEMPTS = 4

/** Maps the driver's options to the settings of copies. */
export function copySettings(options: CheckedS3Options): CopySettings {
  const threshold = serverOf(options).isAmazon ? thresholdOnAmazon : thresholdElsewhere
  return {
    chunkSize: options.multipartCopyChunkSize,
    concurrency: options.multipartCopyMaxConcurrency,
    threshold: options.multipartCopyThresholdSize ?? threshold,
  }
}

/**
 * Moves an object: S3 has only copy and delete. A small one costs HEAD, COPY and DELETE, or the last two when the caller
 * knows the size and asks for no revision.
 */
export async function moveObject(
  bucket: Bucket,
  source: ObjectRef,
  destination: ObjectRef,
  settings: CopySettings,
  options: MoveOptions,
): Promise<void> {
  const { signal } = options
  // A caller's size only says whether to ask: parts cut by a wrong one would lose what the object has beyond it.
  // Ceph 16 copies whatever the condition on a copy says, so a revision is compared before.
  const isOneRequest =
    options.ifRevision === undefined && options.size !== undefined && fitsOneRequest(options.size, settings)
  if (isOneRequest) {
    await copyWhole(bucket, source, destination, settings, { signal })
    return deleteObject(bucket, source, { signal })
  }
  const found = await headOf(bucket, source, options)
  await copyObject(bucket, source, destination, found, settings, { signal })
  await deleteUnchanged(bucket, source, found.etag, { signal })
}

/** An object as it was when it was looked at or made. */
export interface CopySource {
  readonly size: number
  readonly etag: string | undefined
  /** Metadata that a copy in parts has to give again; a copy in one request keeps it by itself. Default: asked for. */
  readonly metadata?: FileMetadata | undefined
}

/** Copy to make. */
export interface CopyRequest extends CopySource {
  /** Mark in the copy's metadata, by which it is recognised. Default: a new one. */
  readonly token?: string | undefined
  /** Conditions on what the copy replaces. */
  readonly conditions?: WriteConditions | undefined
}

/**
 * Copies an object of which size and ETag are certain, and gives the copy's ETag. `PRECONDITION_FAILED` about the source's path
 * when another has taken its place, about the destination's when a condition does not hold. Those are kept by a copy in parts:
 * more servers know them of a completion than of a copy.
 */
export function copyObject(
  bucket: Bucket,
  source: ObjectRef,
  destination: ObjectRef,
  copy: CopyRequest,
  settings: CopySettings,
  { signal }: CallOptions,
): Promise<string | undefined> {
  const isConditional = copy.conditions?.ifAbsent || copy.conditions?.ifRevision !== undefined
  if (isConditional || !fitsOneRequest(copy.size, settings)) {
    return copyInParts(bucket, source, destination, copy, settings, { signal })
  }
  return copyWhole(bucket, source, destination, settings, { signal, ifRevision: copy.etag })
}

function fitsOneRequest(size: number, settings: CopySettings): boolean {
  return size <= Math.max(settings.threshold, settings.chunkSize)
}

async function headOf(bucket: Bucket, ref: ObjectRef, options: MoveOptions): Promise<CopySource> {
  const head = await headObject(bucket, ref, options)
  if (options.ifRevision !== undefined && options.ifRevision !== head.ETag) throw revisionMismatch(ref.path)
  return { size: head.ContentLength ?? 0, etag: head.ETag, metadata: metadataOf(head) }
}

async function copyWhole(
  bucket: Bucket,
  source: ObjectRef,
  destination: ObjectRef,
  settings: CopySettings,
  options: MoveOptions,
): Promise<string | undefined> {
  const command = new CopyObjectCommand({
    Bucket: bucket.name,
    Key: destination.key,
    ...bucket.settings,
    CopySource: copySourceHeader(bucket, source),
    ...(options.ifRevision === undefined ? {} : { CopySourceIfMatch: options.ifRevision }),
  })
  try {
    const { CopyObjectResult } = await bucket.run(o => bucket.longTimeoutClient.send(command, o), options, source.path)
    // The source is about to be deleted.
    if (CopyObjectResult?.ETag === undefined) throw incompleteResponse('CopyObject', 'ETag', source.path)
    return CopyObjectResult.ETag
  } catch (error) {
    if (!isStorageError(error, 'UNSUPPORTED')) throw error
    // Ceph 16 copies an encrypted object only in parts, of which an empty one has none; and does not find the source of a part
    // that has a % in its key. What is small goes through this process.
    const found = await headOf(bucket, source, options)
    const { signal } = options
    if (found.size > MIN_PART_SIZE) return copyInParts(bucket, source, destination, found, settings, { signal })
    const { content } = await readWhole(bucket, source.key, { signal, ifRevision: found.etag }, source.path)
    const { revision } = await putObject(bucket, destination, content, { signal, metadata: found.metadata })
    return revision
  }
}

/**
 * A copy whose last answer was lost, and which another to the same place has replaced since, cannot be told from one that
 * never came about. The source is still there, so it is copied again.
 */
async function copyInParts(...copy: Parameters<typeof copyInPartsOnce>): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await copyInPartsOnce(...copy)
    } catch (error) {
      if (!isGone(error) || tries === MAX_ATTEMPTS) throw error
    }
  }
}

async function copyInPartsOnce(
  bucket: Bucket,
  source: ObjectRef,
  destination: ObjectRef,
  { size, etag, token = randomUUID(), conditions, ...known }: CopyRequest,
  settings: CopySettings,
  options: CallOptions,
): Promise<string | undefined> {
  const metadata = known.metadata ?? metadataOf(await headObject(bucket, source, options))
  const upload = await MultipartUpload.create(bucket, destination, { token, metadata }, options)
  try {
    await markOwned(bucket, upload.id, options)
    const ordered = await copyParts(
      bucket,
      source,
      { size, etag },
      upload,
      ranges(size, settings.chunkSize),
      settings,
      options,
    )
    const copied = await upload.complete(ordered, { token, conditions }, options)
    // A marker that stays is for a purge.
    await unmarkOwned(bucket, upload.id, options).catch(() => {})
    return copied
  } catch (error) {
    await cleanUp(options, async o => {
      await upload.abort(o)
      await unmarkOwned(bucket, upload.id, o)
    })
    throw error
  }
}

/** Bytes of an object, both ends included, that are to be a part. */
export interface PartRange {
  readonly number: number
  readonly first: number
  readonly last: number
}

/** Copies ranges of an object to parts of an upload, and gives these in their order. */
export async function copyParts(
  bucket: Bucket,
  source: ObjectRef,
  { size, etag }: Pick<CopySource, 'size' | 'etag'>,
  upload: MultipartUpload,
  partRanges: Iterable<PartRange>,
  { concurrency }: CopySettings,
  options: CallOptions,
): Promise<Part[]> {
  const parts: Part[] = []
  await forEachConcurrent(concurrency, partRanges, async ({ number, first, last }) => {
    const command = new UploadPartCopyCommand({
      Bucket: bucket.name,
      Key: upload.key,
      UploadId: upload.id,
      PartNumber: number,
      CopySource: copySourceHeader(bucket, source),
      // The whole of a source is no range of it: ranges need a source of more than 5 MB.
      ...(last - first + 1 < size ? { CopySourceRange: `bytes=${first}-${last}` } : {}),
      // A source that is replaced meanwhile must not end up half old, half new.
      ...(etag ? { CopySourceIfMatch: etag } : {}),
    })
    const { CopyPartResult } = await bucket.run(o => bucket.client.send(command, o), options, source.path)
    const copied = CopyPartResult?.ETag
    if (copied === undefined) throw incompleteResponse('UploadPartCopy', 'ETag', source.path)
    parts.push({
      number,
      etag: copied,
      size: last - first + 1,
      checksums: CopyPartResult && checksumsOf(CopyPartResult),
    })
  })
  return parts.toSorted((a, b) => a.number - b.number)
}

function* ranges(size: number, chunkSize: number): Iterable<PartRange> {
  const step = Math.max(chunkSize, Math.ceil(size / MAX_PARTS))
  for (let number = 1, first = 0; first < size; number++, first += step) {
    yield { number, first, last: Math.min(first + step, size) - 1 }
  }
}

/** `bucket/key`, or for an access point `arn/object/key`, with every component percent-encoded. */
export function copySourceHeader(bucket: Bucket, ref: ObjectRef): string {
  const key = ref.key.split('/').map(encodeURIComponent).join('/')
  return bucket.name.startsWith('arn:') ? `${encodeURIComponent(bucket.name)}/object/${key}` : `${bucket.name}/${key}`
}
