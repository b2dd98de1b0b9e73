import { randomUUID } from 'node:crypto'
import { CopyObjectCommand, DeleteObjectCommand, PutObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import { type MoveOptions, isStorageError, otherRevision } from '@longshore/middleware-core'
import { type Bucket, headObject } from './bucket.ts'
import { cleanUp } from './clean-up.ts'
import { MultipartUpload } from './multipart.ts'
import { inParallel } from './parallel.ts'
import { type Part, maxParts } from './parts.ts'

export interface CopySettings {
  /** Bytes of each part of a multipart copy but the last. */
  readonly chunkSize: number
  readonly concurrency: number
  /** Larger objects, unless they are one chunk only, are copied in parts, which the server does in parallel. */
  readonly threshold: number
}

/**
 * Moves an object: S3 has only copy and delete. A small one costs HEAD, COPY and DELETE, or the last two when the caller
 * knows the size and asks for no revision.
 */
export async function moveObject(
  bucket: Bucket,
  source: string,
  destination: string,
  settings: CopySettings,
  options: MoveOptions,
): Promise<void> {
  // A caller's size only says whether to ask: parts cut by a wrong one would lose what the object has beyond it.
  const isWhole = (size: number): boolean => size <= Math.max(settings.threshold, settings.chunkSize)
  // Ceph 16 copies whatever the condition on a copy says, so a revision is compared before.
  const isKnownToBeWhole = options.revision === undefined && options.size !== undefined && isWhole(options.size)
  const found = isKnownToBeWhole ? undefined : await headOf(bucket, source, options)
  if (!found || isWhole(found.size)) await copyWhole(bucket, source, destination, settings, options)
  else await copyInParts(bucket, source, destination, found, settings, options)
  const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: bucket.keys.key(source) })
  await bucket.run(o => bucket.client.send(command, o), options, source)
}

interface Source {
  readonly size: number
  readonly etag: string | undefined
}

async function headOf(bucket: Bucket, path: string, options: MoveOptions): Promise<Source> {
  const { ContentLength, ETag } = await headObject(bucket, path, options)
  if (options.revision !== undefined && options.revision !== ETag) throw otherRevision(path)
  return { size: ContentLength ?? 0, etag: ETag }
}

async function copyWhole(
  bucket: Bucket,
  source: string,
  destination: string,
  settings: CopySettings,
  options: MoveOptions,
): Promise<void> {
  const target = { Bucket: bucket.name, Key: bucket.keys.key(destination), ...bucket.settings }
  const command = new CopyObjectCommand({
    ...target,
    CopySource: copySource(bucket, source),
    ...(options.revision === undefined ? {} : { CopySourceIfMatch: options.revision }),
  })
  try {
    await bucket.run(o => bucket.client.send(command, o), options, source)
  } catch (error) {
    if (!isStorageError(error, 'UNSUPPORTED')) throw error
    // Ceph 16 copies an encrypted object only in parts, of which an empty one has none.
    const found = await headOf(bucket, source, options)
    if (found.size > 0) await copyInParts(bucket, source, destination, found, settings, options)
    else await bucket.run(o => bucket.client.send(new PutObjectCommand(target), o), options, destination)
  }
}

async function copyInParts(
  bucket: Bucket,
  source: string,
  destination: string,
  { size, etag }: Source,
  settings: CopySettings,
  options: MoveOptions,
): Promise<void> {
  const token = randomUUID()
  const upload = await MultipartUpload.create(bucket, destination, token, options)
  try {
    const parts: Part[] = []
    await inParallel(settings.concurrency, ranges(size, settings.chunkSize), async ({ number, first, last }) => {
      const command = new UploadPartCopyCommand({
        Bucket: bucket.name,
        Key: bucket.keys.key(destination),
        UploadId: upload.id,
        PartNumber: number,
        CopySource: copySource(bucket, source),
        // The whole of a source is no range of it: ranges need a source of more than 5 MB.
        ...(last - first + 1 < size ? { CopySourceRange: `bytes=${first}-${last}` } : {}),
        // A source that is replaced meanwhile must not end up half old, half new.
        ...(etag ? { CopySourceIfMatch: etag } : {}),
      })
      const { CopyPartResult } = await bucket.run(o => bucket.client.send(command, o), options, source)
      parts.push({ number, etag: CopyPartResult?.ETag ?? '', size: last - first + 1 })
    })
    await upload.complete(
      parts.toSorted((a, b) => a.number - b.number),
      token,
      options,
    )
  } catch (error) {
    await cleanUp(options, o => upload.abort(o))
    throw error
  }
}

function* ranges(size: number, chunkSize: number): Iterable<{ number: number; first: number; last: number }> {
  const step = Math.max(chunkSize, Math.ceil(size / maxParts))
  for (let number = 1, first = 0; first < size; number++, first += step) {
    yield { number, first, last: Math.min(first + step, size) - 1 }
  }
}

/** `bucket/key`, or for an access point `arn/object/key`, with every component percent-encoded. */
function copySource(bucket: Bucket, path: string): string {
  const key = bucket.keys.key(path).split('/').map(encodeURIComponent).join('/')
  return bucket.name.startsWith('arn:') ? `${encodeURIComponent(bucket.name)}/object/${key}` : `${bucket.name}/${key}`
}
