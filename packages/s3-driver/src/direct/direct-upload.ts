import {
  type CallOptions,
  type CommitOptions,
  type DirectUpload,
  type DirectUploadPart,
  type PartUrlOptions,
  type Resolved,
  type ResumeDirectUploadOptions,
  type StartDirectUploadOptions,
  StorageError,
  type UploadRequest,
  type WriteResult,
  undefinedIfNotFound,
} from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { MultipartUpload } from '../multipart/multipart-upload.ts'
import { markOwned, unmarkOwned } from '../multipart/owner-marker.ts'
import { TOKEN_NAME } from '../objects/metadata.ts'
import { MAX_PARTS, MAX_PART_SIZE, MIN_PART_SIZE, type UploadedPart } from '../multipart/parts.ts'
import {
  type DirectCheckpoint,
  deleteDirectCheckpoint,
  isDirectUploadId,
  newDirectUploadId,
  readDirectCheckpoint,
  writeDirectCheckpoint,
} from './direct-checkpoint.ts'
import type { UploadSigner } from './upload-signer.ts'

const mebibyte = 1024 * 1024

/** Starts a direct upload: one request for the multipart upload, at the key where its commit puts the file, and one for its checkpoint. */
export async function startDirectUpload(
  bucket: Bucket,
  signer: UploadSigner,
  path: string,
  defaultPartSize: number,
  options: Resolved<StartDirectUploadOptions>,
): Promise<DirectUpload> {
  const { size, destination = path, metadata, signal } = options
  const partSize = partSizeFor(size, options.partSize, defaultPartSize)
  const id = newDirectUploadId()
  const target = bucket.ref(destination)
  const multipart = await MultipartUpload.create(bucket, target, { token: id, metadata }, { signal })
  const checkpoint = { uploadId: multipart.id, destination, size, partSize, metadata }
  try {
    // Beside its path's own key the upload would be taken for one that was interrupted there.
    if (destination !== path) await markOwned(bucket, multipart.id, { signal })
    await writeDirectCheckpoint(bucket, path, id, checkpoint, { signal })
    return new S3DirectUpload(bucket, signer, path, id, checkpoint)
  } catch (error) {
    await multipart.abort({}).catch(() => {})
    throw error
  }
}

/**
 * Goes on with a direct upload: one request. One that was committed already, by a request whose answer was lost, is known by
 * its token, unless it had another destination.
 */
export async function resumeDirectUpload(
  bucket: Bucket,
  signer: UploadSigner,
  path: string,
  { id, signal }: ResumeDirectUploadOptions,
): Promise<DirectUpload> {
  const checkpoint = await readDirectCheckpoint(bucket, path, id, { signal })
  if (checkpoint) return new S3DirectUpload(bucket, signer, path, id, checkpoint)
  const head = await undefinedIfNotFound(headObject(bucket, bucket.ref(path), { signal }))
  if (!isDirectUploadId(id) || head?.Metadata?.[TOKEN_NAME] !== id) throw uploadNotFound(path)
  return new CommittedDirectUpload(path, id, head.ContentLength ?? 0, head.ETag)
}

/** Upload that has become a file. Committing it again gives the same result. */
class CommittedDirectUpload implements DirectUpload {
  readonly id: string
  readonly size: number
  readonly partCount = 1
  readonly #path: string
  readonly #revision: string | undefined

  constructor(path: string, id: string, size: number, revision: string | undefined) {
    this.id = id
    this.size = size
    this.#path = path
    this.#revision = revision
  }

  get partSize(): number {
    return this.size
  }

  partUrl(): Promise<never> {
    return Promise.reject(uploadNotFound(this.#path))
  }

  parts(): Promise<never> {
    return Promise.reject(uploadNotFound(this.#path))
  }

  async commit(): Promise<WriteResult> {
    return { revision: this.#revision }
  }

  async cancel(): Promise<void> {}
}

/** Upload whose parts clients send to S3 themselves. */
class S3DirectUpload implements DirectUpload {
  readonly id: string
  readonly #bucket: Bucket
  readonly #signer: UploadSigner
  readonly #path: string
  readonly #checkpoint: DirectCheckpoint
  readonly #multipart: MultipartUpload
  readonly #destination: ObjectRef

  constructor(bucket: Bucket, signer: UploadSigner, path: string, id: string, checkpoint: DirectCheckpoint) {
    this.id = id
    this.#bucket = bucket
    this.#signer = signer
    this.#path = path
    this.#checkpoint = checkpoint
    this.#destination = bucket.ref(checkpoint.destination)
    this.#multipart = new MultipartUpload(bucket, this.#destination, checkpoint.uploadId)
  }

  get size(): number {
    return this.#checkpoint.size
  }

  get partSize(): number {
    return this.#checkpoint.partSize
  }

  get partCount(): number {
    return Math.ceil(this.size / this.partSize)
  }

  partUrl(number: number, { sha256, expiresIn }: PartUrlOptions = {}): Promise<UploadRequest> {
    const { uploadId } = this.#checkpoint
    const size = this.#sizeOfPart(number)
    return this.#signer.signPart(this.#destination, { uploadId, number, size, sha256, expiresIn })
  }

  async parts(options: CallOptions = {}): Promise<DirectUploadPart[]> {
    const parts = await this.#uploadedParts(options)
    return parts.map(({ number, size }) => ({ number, size }))
  }

  async commit(options: CommitOptions = {}): Promise<WriteResult> {
    const parts = await this.#uploadedParts(options)
    this.#assertComplete(parts)
    const revision = await this.#multipart.complete(parts, { token: this.id, conditions: options }, options)
    // The file is there: a checkpoint that stays behind is for a purge.
    await this.#removeCheckpoint({}).catch(() => {})
    return { revision }
  }

  async cancel(options: CallOptions = {}): Promise<void> {
    await this.#multipart.abort(options)
    await this.#removeCheckpoint(options)
  }

  async #removeCheckpoint(options: CallOptions): Promise<void> {
    const { uploadId, destination } = this.#checkpoint
    if (destination !== this.#path) await unmarkOwned(this.#bucket, uploadId, options)
    await deleteDirectCheckpoint(this.#bucket, this.#path, this.id, options)
  }

  async #uploadedParts(options: CallOptions): Promise<UploadedPart[]> {
    const parts = await this.#multipart.parts(options)
    if (!parts) throw uploadNotFound(this.#path)
    return parts.toSorted((a, b) => a.number - b.number)
  }

  #sizeOfPart(number: number): number {
    return number < this.partCount ? this.partSize : this.size - (this.partCount - 1) * this.partSize
  }

  #assertComplete(parts: readonly UploadedPart[]): void {
    const sizes = new Map(parts.map(({ number, size }) => [number, size]))
    const expected = Array.from({ length: this.partCount }, (_, index) => index + 1)
    const missing = expected.filter(number => sizes.get(number) !== this.#sizeOfPart(number))
    const unexpected = parts.filter(({ number }) => number > this.partCount).map(({ number }) => number)
    if (missing.length === 0 && unexpected.length === 0) return
    const found =
      missing.length > 0
        ? `parts missing or of another size: ${listed(missing)}`
        : `parts that do not belong to it: ${listed(unexpected)}`
    const detail = `the upload is not complete: ${found}; accepted: parts 1 to ${this.partCount}, each of its size`
    throw new StorageError('INVALID_STATE', detail, { path: this.#path })
  }
}

/** A size that the caller asks for, or the default, grown in whole MiB until the file takes no more parts than S3 has. */
function partSizeFor(size: number, requested: number | undefined, defaultPartSize: number): number {
  const minPartSize = Math.ceil(size / MAX_PARTS)
  if (requested === undefined) return Math.max(defaultPartSize, Math.ceil(minPartSize / mebibyte) * mebibyte)
  const isPossible =
    requested >= size || (requested >= Math.max(MIN_PART_SIZE, minPartSize) && requested <= MAX_PART_SIZE)
  if (isPossible) return requested
  const accepted = `${Math.max(MIN_PART_SIZE, minPartSize)} to ${MAX_PART_SIZE} bytes, or the whole size`
  throw new StorageError('INVALID_ARGUMENT', `invalid partSize: ${requested}; accepted: ${accepted}`)
}

function listed(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 10).join(', ')
  return numbers.length > 10 ? `${shown} and ${numbers.length - 10} more` : shown
}

function uploadNotFound(path: string): StorageError {
  const detail = `no such direct upload to ${path}: it was committed, cancelled or purged`
  return new StorageError('UPLOAD_NOT_FOUND', detail, { path })
}
