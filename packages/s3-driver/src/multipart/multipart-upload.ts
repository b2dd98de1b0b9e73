import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type CallOptions, type FileMetadata, isStorageError } from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { TOKEN_NAME, metadataInput } from '../objects/metadata.ts'
import { errorName, isNotImplemented } from '../errors.ts'
import { type UploadedPart, type Part, totalSize } from './parts.ts'

/** One multipart upload: the requests that S3 has for it. */
export class MultipartUpload {
  readonly id: string
  readonly #bucket: Bucket
  readonly #place: ObjectRef
  readonly #target: { Bucket: string; Key: string; UploadId: string }

  constructor(bucket: Bucket, place: ObjectRef, id: string) {
    this.id = id
    this.#bucket = bucket
    this.#place = place
    this.#target = { Bucket: bucket.name, Key: place.key, UploadId: id }
  }

  static async create(
    bucket: Bucket,
    place: ObjectRef,
    { token, metadata }: { token: string; metadata?: FileMetadata | undefined },
    options: CallOptions,
  ): Promise<MultipartUpload> {
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket.name,
      Key: place.key,
      ...bucket.settings,
      ...metadataInput(metadata, token),
    })
    const { UploadId = '' } = await bucket.run(o => bucket.client.send(command, o), options, place.path)
    return new MultipartUpload(bucket, place, UploadId)
  }

  async uploadPart(number: number, bytes: Uint8Array, options: CallOptions): Promise<Part> {
    const command = new UploadPartCommand({ ...this.#target, PartNumber: number, Body: bytes })
    const { ETag } = await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#place.path)
    return { number, etag: ETag ?? '', size: bytes.length }
  }

  /** All parts that S3 holds, or undefined when it does not know the upload (any more). */
  async parts(options: CallOptions): Promise<UploadedPart[] | undefined> {
    const parts: UploadedPart[] = []
    let marker: string | undefined
    try {
      do {
        const command = new ListPartsCommand({ ...this.#target, ...(marker ? { PartNumberMarker: marker } : {}) })
        const page = await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#place.path)
        for (const { PartNumber, ETag, Size, LastModified } of page.Parts ?? []) {
          parts.push({ number: PartNumber ?? 0, etag: ETag ?? '', size: Size ?? 0, modifiedAt: LastModified })
        }
        // A server that always says "truncated" must not keep us here: the marker has to move on.
        const isLast = !page.IsTruncated || page.NextPartNumberMarker === marker || (page.Parts?.length ?? 0) === 0
        marker = isLast ? undefined : page.NextPartNumberMarker
      } while (marker)
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
    return parts
  }

  /**
   * Puts the object in place and returns its ETag. When the answer is lost, or a repetition finds the upload gone, the object itself tells
   * whether it worked: by its token, or, for an upload that has none, by its size.
   */
  async complete(parts: readonly Part[], token: string | undefined, options: CallOptions): Promise<string | undefined> {
    const size = totalSize(parts)
    const command = new CompleteMultipartUploadCommand({
      ...this.#target,
      MpuObjectSize: size,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    })
    try {
      const { ETag } = await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#place.path)
      return ETag
    } catch (error) {
      const isUncertain = isGone(error) || isStorageError(error, 'UNAVAILABLE')
      const inPlace = isUncertain ? await this.#inPlace(size, parts.length, token, options) : undefined
      if (!inPlace) throw error
      return inPlace.ETag
    }
  }

  /** Discards the upload with its parts. One that is gone already is fine. */
  async abort(options: CallOptions): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#target)
    try {
      await this.#bucket.run(o => this.#bucket.client.send(command, o), options, this.#place.path)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  /** What S3 tells of the object, if it is the one that this upload was to become. */
  async #inPlace(
    size: number,
    count: number,
    token: string | undefined,
    options: CallOptions,
  ): Promise<HeadObjectCommandOutput | undefined> {
    try {
      const head = await headObject(this.#bucket, this.#place, options)
      const isOwn = token === undefined ? head.ETag?.includes(`-${count}`) : head.Metadata?.[TOKEN_NAME] === token
      return isOwn && head.ContentLength === size ? head : undefined
    } catch {
      // The commit's own error says more than that the question failed too.
      return undefined
    }
  }
}

/** An unfinished multipart upload as the server lists it. */
export interface ListedUpload {
  readonly place: ObjectRef
  readonly id: string
  readonly initiated: Date
}

/**
 * The unfinished multipart uploads of keys that begin with `prefix`, in no particular order, temporaryKey ones with the path that
 * they were left at. Nothing on a server that
 * cannot list them.
 */
export async function* listUploads(bucket: Bucket, prefix: string, options: CallOptions): AsyncIterable<ListedUpload> {
  let markers: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: prefix, ...markers })
    let page
    try {
      page = await bucket.run(o => bucket.client.send(command, o), options)
    } catch (error) {
      if (isStorageError(error) && isNotImplemented(error.cause)) return
      throw error
    }
    for (const { Key = '', UploadId = '', Initiated = new Date(0) } of page.Uploads ?? []) {
      const path = bucket.keys.path(Key) ?? bucket.keys.pathOfTemporaryKey(Key)
      if (path !== undefined) yield { place: { key: Key, path }, id: UploadId, initiated: Initiated }
    }
    const { NextKeyMarker: KeyMarker = '', NextUploadIdMarker: UploadIdMarker = '' } = page
    const hasMoved = KeyMarker !== (markers.KeyMarker ?? '') || UploadIdMarker !== (markers.UploadIdMarker ?? '')
    if (!page.IsTruncated || !hasMoved) return
    markers = { KeyMarker, UploadIdMarker }
  }
}

/** Whether the server does not know the upload: it was completed or discarded. */
export function isGone(error: unknown): boolean {
  return isStorageError(error) && errorName(error.cause) === 'NoSuchUpload'
}
