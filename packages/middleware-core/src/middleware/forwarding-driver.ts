import type { Readable } from 'node:stream'
import type { DriverImplementation } from '../authoring/driver-implementation.ts'
import { implementationOf, implementationSymbol } from '../authoring/implementation-of.ts'
import type {
  CallOptions,
  DeleteOptions,
  MoveOptions,
  PurgeOptions,
  PutOptions,
  PutStreamOptions,
  ReadOptions,
  StatOptions,
  WalkOptions,
  WriteOptions,
} from '../contract/call-options.ts'
import type { Capabilities } from '../contract/capabilities.ts'
import type {
  DirectUpload,
  DirectUploadOptions,
  UploadForm,
  UploadFormOptions,
  UploadRequest,
  UploadUrlOptions,
} from '../contract/direct-upload.ts'
import type { FileInfo, PurgeResult, WriteResult } from '../contract/file-info.ts'
import type { FileWriter } from '../contract/file-writer.ts'
import type { SignedUrl, UrlOptions } from '../contract/signed-url.ts'
import { type StorageDriver, keyOf } from '../contract/index.ts'

/**
 * Forwards everything to the driver it wraps, so that a middleware overrides only what it changes.
 *
 * One that maps paths has to map each of them; `prefix` is the example to copy. One that changes bytes has to change those of
 * `getContent`, `putContent`, `putStream`, `reader` and `writer`, and to take away the capabilities by which bytes pass
 * around it: `urls`, `uploadUrls`, `uploadForms` and `directUploads`.
 */
export class ForwardingDriver implements StorageDriver {
  protected readonly inner: StorageDriver

  constructor(inner: StorageDriver) {
    this.inner = inner
  }

  get name(): string {
    return this.inner.name
  }

  get capabilities(): Capabilities {
    return this.inner.capabilities
  }

  get [implementationSymbol](): DriverImplementation | undefined {
    return implementationOf(this.inner)
  }

  getContent(path: string, options?: CallOptions): Promise<Uint8Array> {
    return this.inner.getContent(path, options)
  }

  putContent(path: string, content: Uint8Array | string, options?: PutOptions): Promise<WriteResult> {
    return this.inner.putContent(path, content, options)
  }

  putStream(
    path: string,
    source: Readable | AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<WriteResult> {
    return this.inner.putStream(path, source, options)
  }

  reader(path: string, options?: ReadOptions): Promise<Readable> {
    return this.inner.reader(path, options)
  }

  writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    return this.inner.writer(path, options)
  }

  stat(path: string, options?: StatOptions): Promise<FileInfo> {
    return this.inner.stat(path, options)
  }

  list(path: string, options?: CallOptions): Promise<string[]> {
    return this.inner.list(path, options)
  }

  walk(path: string, options?: WalkOptions): AsyncIterable<FileInfo> {
    return this.inner.walk(path, options)
  }

  move(source: string, destination: string, options?: MoveOptions): Promise<void> {
    return this.inner.move(source, destination, options)
  }

  delete(path: string, options?: DeleteOptions): Promise<void> {
    return this.inner.delete(path, options)
  }

  urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined> {
    return this.inner.urlFor(path, options)
  }

  uploadUrlFor(path: string, options: UploadUrlOptions): Promise<UploadRequest> {
    return this.inner.uploadUrlFor(path, options)
  }

  uploadFormFor(path: string, options: UploadFormOptions): Promise<UploadForm> {
    return this.inner.uploadFormFor(path, options)
  }

  directUpload(path: string, options: DirectUploadOptions): Promise<DirectUpload> {
    return this.inner.directUpload(path, options)
  }

  keyFor(path: string): string {
    return keyOf(this.inner, path)
  }

  purgeUploads(options: PurgeOptions): Promise<PurgeResult> {
    return this.inner.purgeUploads(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.inner[Symbol.asyncDispose]()
  }
}
