import type { Readable } from 'node:stream'
import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  type CallOptions,
  type DeleteOptions,
  type DirectUpload,
  type DirectUploadOptions,
  type DriverImplementation,
  type FileInfo,
  type MoveOptions,
  type ReadOptions,
  type Resolved,
  type SignedUrl,
  type StatOptions,
  type PurgeOptions,
  type PurgeResult,
  type PutOptions,
  type PutStreamOptions,
  type Upload,
  type UploadForm,
  type UploadFormOptions,
  type UploadRequest,
  type UploadUrlOptions,
  type UrlOptions,
  type WalkOptions,
  type WriteOptions,
  type WriteResult,
  isStorageError,
  pathNotFound,
} from '@longshore/middleware-core'
import { Bucket, headObject } from './bucket.ts'
import { deleteObject } from './objects/delete-object.ts'
import { putObject } from './objects/put.ts'
import { createClient } from './client/client.ts'
import { copySettings, moveObject } from './multipart/copy.ts'
import { Deleter } from './objects/delete.ts'
import { resumeDirectUpload, startDirectUpload } from './direct/direct-upload.ts'
import { UploadSigner } from './direct/upload-signer.ts'
import { noSuchBucket } from './errors.ts'
import { isDirectory, listChildren } from './listing/list.ts'
import type { CheckedS3Options } from './options.ts'
import { serverOf } from './server.ts'
import { MIN_PART_SIZE, PartSizeStrategy } from './multipart/parts.ts'
import { putStream } from './upload/put-stream.ts'
import { metadataOf } from './objects/metadata.ts'
import { readObject, readWhole } from './objects/read.ts'
import { resumeUpload } from './upload/resume.ts'
import { purgeUploads } from './upload/purge.ts'
import { sharedMemoryBudget } from './upload/memory-budget.ts'
import { Presigner } from './client/presigner.ts'
import { walkObjects } from './listing/walk.ts'
import { type UploadSettings, newUpload } from './upload/state.ts'
import { S3Upload } from './upload/upload.ts'

/** The contract's operations as S3 requests. Each has its own file; this one hands them what they share. */
export class S3Driver implements DriverImplementation {
  readonly #bucket: Bucket
  readonly #clients: Set<S3Client>
  readonly #presigner: Presigner
  readonly #uploadSigner: UploadSigner
  readonly #deleter: Deleter
  readonly #uploads: UploadSettings
  readonly #partSize: number

  constructor(options: CheckedS3Options) {
    const { client, signatureV2 } = createClient(options)
    const publicClient = options.redirectEndpoint
      ? createClient(options, options.redirectEndpoint.origin)
      : { client, signatureV2 }
    this.#clients = new Set([client, publicClient.client])
    this.#bucket = new Bucket(client, options)
    this.#presigner = new Presigner(this.#bucket, publicClient.client, options.urlExpiry, publicClient.signatureV2)
    this.#uploadSigner = new UploadSigner(this.#bucket, publicClient.client, options.urlExpiry)
    this.#deleter = new Deleter(this.#bucket)
    // lib-storage and S3 refuse smaller ones.
    this.#partSize = Math.max(options.chunkSize, MIN_PART_SIZE)
    this.#uploads = {
      sizing: new PartSizeStrategy(options.partSizing ?? (isR2(options) ? 'equal' : 'growing'), options.chunkSize),
      concurrency: options.uploadConcurrency,
      memory: sharedMemoryBudget(options.uploadMemory),
      copies: copySettings(options),
    }
  }

  async getContent(path: string, options: CallOptions): Promise<Uint8Array> {
    const { content } = await readWhole(this.#bucket, this.#bucket.keys.key(path), options, path)
    return content
  }

  putContent(path: string, content: Uint8Array, options: Resolved<PutOptions>): Promise<WriteResult> {
    return putObject(this.#bucket, this.#bucket.ref(path), content, options)
  }

  reader(path: string, options: ReadOptions & { offset: number }): Promise<Readable> {
    return readObject(this.#bucket, this.#bucket.ref(path), options)
  }

  async writer(path: string, options: Resolved<WriteOptions> & { append: boolean }): Promise<Upload> {
    const paths = { path, destination: options.destination ?? path }
    this.#bucket.keys.assertUploadable(path)
    if (options.append) return resumeUpload(this.#bucket, paths, this.#uploads, options)
    const state = newUpload(this.#bucket, paths, options.metadata)
    return new S3Upload(this.#bucket, paths, this.#uploads, state)
  }

  async stat(path: string, options: StatOptions): Promise<FileInfo> {
    const { name, client } = this.#bucket
    if (path === '/') {
      // The health check: whether the bucket is there and may be used.
      try {
        await this.#bucket.run(o => client.send(new HeadBucketCommand({ Bucket: name }), o), options)
      } catch (error) {
        throw isStorageError(error, 'PATH_NOT_FOUND') ? noSuchBucket(error.cause) : error
      }
      throw pathNotFound(path)
    }
    try {
      const found = await headObject(this.#bucket, this.#bucket.ref(path), options)
      const { ContentLength: size = 0, LastModified: modifiedAt = new Date(0), ETag: revision } = found
      return { path, size, modifiedAt, isDirectory: false, revision, metadata: metadataOf(found) }
    } catch (error) {
      if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
    }
    if (options.fileOnly || !(await isDirectory(this.#bucket, path, options))) throw pathNotFound(path)
    return { path, size: 0, modifiedAt: new Date(0), isDirectory: true }
  }

  list(path: string, options: CallOptions): Promise<string[]> {
    return listChildren(this.#bucket, path, options)
  }

  walk(path: string, options: WalkOptions): AsyncIterable<FileInfo> {
    return walkObjects(this.#bucket, path, options)
  }

  move(source: string, destination: string, options: MoveOptions): Promise<void> {
    return moveObject(
      this.#bucket,
      this.#bucket.ref(source),
      this.#bucket.ref(destination),
      this.#uploads.copies,
      options,
    )
  }

  delete(path: string, options: DeleteOptions): Promise<void> {
    if (options.fileOnly) return deleteObject(this.#bucket, this.#bucket.ref(path), options)
    return this.#deleter.deleteTree(path, options)
  }

  urlFor(path: string, options: UrlOptions & { method: 'GET' | 'HEAD' }): Promise<SignedUrl> {
    return this.#presigner.presign(path, options)
  }

  uploadUrlFor(path: string, options: Resolved<UploadUrlOptions>): Promise<UploadRequest> {
    return this.#uploadSigner.signPut(this.#bucket.ref(path), options)
  }

  uploadFormFor(path: string, options: Resolved<UploadFormOptions>): Promise<UploadForm> {
    return this.#uploadSigner.signForm(this.#bucket.ref(path), options)
  }

  directUpload(path: string, options: Resolved<DirectUploadOptions>): Promise<DirectUpload> {
    if ('id' in options) return resumeDirectUpload(this.#bucket, this.#uploadSigner, path, options)
    this.#bucket.keys.assertUploadable(path)
    return startDirectUpload(this.#bucket, this.#uploadSigner, path, this.#partSize, options)
  }

  keyFor(path: string): string {
    return this.#bucket.keys.key(path)
  }

  purgeUploads(options: PurgeOptions & { path: string }): Promise<PurgeResult> {
    return purgeUploads(this.#bucket, options)
  }

  putStream(path: string, stream: Readable, options: Resolved<PutStreamOptions>): Promise<WriteResult> {
    const { concurrency, memory } = this.#uploads
    const settings = { partSize: this.#partSize, concurrency, memory }
    return putStream(this.#bucket, path, stream, settings, options)
  }

  close(): void {
    for (const client of this.#clients) client.destroy()
  }
}

/** Cloudflare R2 takes only parts of one size ([multipart uploads](https://developers.cloudflare.com/r2/objects/multipart-objects/)). */
function isR2(options: CheckedS3Options): boolean {
  return /\.r2\.cloudflarestorage\.com/.test(serverOf(options).endpoint ?? '')
}
