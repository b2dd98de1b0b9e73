import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type CallOptions, type FileMetadata, StorageError, isStorageError } from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { omitChecksum } from '../client/omit-checksum.ts'
import { errorName, incompleteResponse, isNotImplemented } from '../errors.ts'
import { warnOnce } from '../warning.ts'
import { metadataInput } from '../objects/metadata.ts'
import { type CompletionOptions, completeUpload } from './complete.ts'
import { type Part, type UploadedPart, checksumsOf } from './parts.ts'

/** Object that a new multipart upload is to become. */
interface NewMultipartUpload {
  /** Mark in the object's metadata, by which a completion whose answer was lost is recognised. */
  readonly token: string
  readonly metadata?: FileMetadata | undefined
  /**
   * True where {@link MultipartUpload.uploadPart} sends all parts: then the upload names the checksum that the client gives
   * them. S3 refuses parts with a checksum that the upload does not name, and parts without one that it does. Default false.
   */
  readonly hasOwnParts?: boolean | undefined
}

/** One multipart upload: the requests that S3 has for it. */
export class MultipartUpload {
  readonly id: string
  readonly #bucket: Bucket
  readonly #ref: ObjectRef
  readonly #target: { Bucket: string; Key: string; UploadId: string }
  #checksum: ChecksumAlgorithm | undefined

  constructor(bucket: Bucket, ref: ObjectRef, id: string, checksum?: ChecksumAlgorithm) {
    this.id = id
    this.#bucket = bucket
    this.#ref = ref
    this.#target = { Bucket: bucket.name, Key: ref.key, UploadId: id }
    this.#checksum = checksum
  }

  static async create(
    bucket: Bucket,
    ref: ObjectRef,
    { token, metadata, hasOwnParts = false }: NewMultipartUpload,
    options: CallOptions,
  ): Promise<MultipartUpload> {
    const { client } = bucket
    const isChecked = hasOwnParts && (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED'
    const checksum = isChecked ? 'CRC32' : undefined
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket.name,
      Key: ref.key,
      ...bucket.settings,
      ...metadataInput(metadata, token),
      ...(checksum ? { ChecksumAlgorithm: checksum } : {}),
    })
    const { UploadId } = await bucket.run(o => client.send(command, o), options, ref.path)
    if (!UploadId) throw incompleteResponse('CreateMultipartUpload', 'UploadId', ref.path)
    return new MultipartUpload(bucket, ref, UploadId, checksum)
  }

  /** Key that a completion gives the object. */
  get key(): string {
    return this.#ref.key
  }

  /** Checksum that the upload's parts have; undefined where they have none. */
  get checksum(): ChecksumAlgorithm | undefined {
    return this.#checksum
  }

  async uploadPart(number: number, bytes: Uint8Array, options: CallOptions): Promise<Part> {
    const command = new UploadPartCommand({
      ...this.#target,
      PartNumber: number,
      Body: bytes,
      ...(this.#checksum ? { ChecksumAlgorithm: this.#checksum } : {}),
    })
    if (!this.#checksum) omitChecksum(command)
    const answer = await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#ref.path)
    if (!answer.ETag) throw incompleteResponse('UploadPart', 'ETag', this.#ref.path)
    return { number, etag: answer.ETag, size: bytes.length, checksums: checksumsOf(answer) }
  }

  /** Lists all parts that S3 holds; undefined when it does not know the upload (any more). */
  async parts(options: CallOptions): Promise<UploadedPart[] | undefined> {
    const parts: UploadedPart[] = []
    let marker: string | undefined
    try {
      do {
        const command = new ListPartsCommand({ ...this.#target, ...(marker ? { PartNumberMarker: marker } : {}) })
        const page = await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#ref.path)
        // A server without this operation may take it for a GET of the object.
        if (page.UploadId === undefined && page.IsTruncated === undefined) {
          throw incompleteResponse('ListParts', 'UploadId', this.#ref.path)
        }
        // Versity's gateway names a checksum `null` where there is none.
        const isNamed = Object.values(ChecksumAlgorithm).includes(page.ChecksumAlgorithm as ChecksumAlgorithm)
        if (isNamed) this.#checksum = page.ChecksumAlgorithm
        for (const part of page.Parts ?? []) {
          const { PartNumber: number = 0, ETag: etag = '', Size: size = 0, LastModified: modifiedAt } = part
          parts.push({ number, etag, size, modifiedAt, checksums: checksumsOf(part) })
        }
        // A server that always says "truncated" has ended when its marker stays. An empty page may have others after it.
        const isLast = !page.IsTruncated || page.NextPartNumberMarker === marker
        marker = isLast ? undefined : page.NextPartNumberMarker
      } while (marker)
    } catch (error) {
      if (isGone(error)) return undefined
      if (!isStorageError(error) || !isUnknownOperation(error)) throw error
      if (isNoUpload(error.cause) && (await this.#isUnlisted(options))) return undefined
      throw missingOperation('ListParts', this.#ref, error)
    }
    return parts
  }

  /**
   * True where the server does not list the upload among the unfinished ones. Ceph 16 answers NoSuchKey about the parts of an
   * upload that is gone, as a server does that knows no ListParts: only the list of uploads tells which it is.
   */
  async #isUnlisted(options: CallOptions): Promise<boolean> {
    for await (const { id } of uploadsOf(this.#bucket, this.#ref.key, options)) if (id === this.id) return false
    return true
  }

  /** Makes the parts an object and gives its ETag: see {@link completeUpload}. */
  complete(parts: readonly Part[], completion: CompletionOptions, options: CallOptions): Promise<string | undefined> {
    const isGoneNow = async (): Promise<boolean> => (await this.parts(options)) === undefined
    return completeUpload(this.#bucket, this.#ref, this.id, { parts, ...completion, isGone: isGoneNow }, options)
  }

  /** Discards the upload with its parts. One that is gone already is fine. */
  async abort(options: CallOptions): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#target)
    try {
      await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#ref.path)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
}

/** An unfinished multipart upload as the server lists it. */
export interface ListedUpload {
  readonly ref: ObjectRef
  readonly id: string
  readonly initiated: Date
}

/**
 * Lists the unfinished multipart uploads of keys that begin with `prefix`, in no particular order; those at temporary keys with
 * the path that they were left at. Nothing on a server that cannot list them.
 */
export async function* listUploads(bucket: Bucket, prefix: string, options: CallOptions): AsyncIterable<ListedUpload> {
  try {
    for await (const { key, ...upload } of uploadsOf(bucket, prefix, options)) {
      const path = pathOfUpload(bucket, key)
      if (path !== undefined) yield { ref: { key, path }, ...upload }
    }
  } catch (error) {
    if (!isStorageError(error) || !isNotImplemented(error.cause)) throw error
    const lost = 'uploads without a checkpoint are neither found nor purged'
    warnOnce('NO_LIST_MULTIPART_UPLOADS', `the server does not know ListMultipartUploads: ${lost}`)
  }
}

async function* uploadsOf(
  bucket: Bucket,
  prefix: string,
  options: CallOptions,
): AsyncIterable<{ key: string; id: string; initiated: Date }> {
  let markers: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: prefix, ...markers })
    let page
    try {
      page = await bucket.run(o => bucket.client.send(command, o), options)
    } catch (error) {
      if (!isStorageError(error)) throw error
      // Some servers have no answer for an empty list.
      if (isNoUpload(error.cause)) return
      throw error
    }
    if (page.Bucket === undefined && page.IsTruncated === undefined) {
      throw incompleteResponse('ListMultipartUploads', 'Bucket')
    }
    for (const { Key: key = '', UploadId: id = '', Initiated: initiated = new Date(0) } of page.Uploads ?? []) {
      yield { key, id, initiated }
    }
    const { NextKeyMarker: KeyMarker = '', NextUploadIdMarker: UploadIdMarker = '' } = page
    const hasMoved = KeyMarker !== (markers.KeyMarker ?? '') || UploadIdMarker !== (markers.UploadIdMarker ?? '')
    if (!page.IsTruncated || !hasMoved) return
    markers = { KeyMarker, UploadIdMarker }
  }
}

function pathOfUpload({ keys }: Bucket, key: string): string | undefined {
  return keys.path(key) ?? (keys.parseTemporary(key) ?? keys.parseLegacyTemporary(key))?.path
}

function isNoUpload(error: unknown): boolean {
  return errorName(error) === 'NoSuchUpload' || errorName(error) === 'NoSuchKey'
}

/** S3 says NoSuchUpload: who says that there is no such object has taken the request for one that reads it. */
function isUnknownOperation({ cause }: StorageError): boolean {
  return isNotImplemented(cause) || errorName(cause) === 'NoSuchKey'
}

function missingOperation(operation: string, { path }: ObjectRef, { detail, cause }: StorageError): StorageError {
  const text = `the server does not know ${operation}, without which no upload can be continued: ${detail}`
  return new StorageError('UNSUPPORTED', text, { path, cause })
}

/** True where the server does not know the upload: it was completed or discarded. */
export function isGone(error: unknown): boolean {
  return isStorageError(error) && errorName(error.cause) === 'NoSuchUpload'
}
