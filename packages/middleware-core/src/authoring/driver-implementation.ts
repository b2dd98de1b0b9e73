import type { Readable } from 'node:stream'
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
import type {
  DirectUpload,
  DirectUploadOptions,
  UploadForm,
  UploadFormOptions,
  UploadRequest,
  UploadUrlOptions,
} from '../contract/direct-upload.ts'
import type { FileInfo, PurgeResult, WriteResult } from '../contract/file-info.ts'
import type { FileMetadata } from '../contract/metadata.ts'
import type { SignedUrl, UrlOptions } from '../contract/signed-url.ts'
import type { StorageError } from '../contract/errors.ts'
import type { Upload } from './upload.ts'

/** Options with the metadata as it is to be stored: a content type `auto` is resolved. */
export type Resolved<Options> = Options extends unknown
  ? Omit<Options, 'metadata'> & { metadata?: FileMetadata | undefined }
  : never

/**
 * Mapping of the contract to one storage: what a driver's author writes, and nothing else. Methods are those of
 * `StorageDriver`, whose doc comments are the specification. Arguments are checked: paths are legal, numbers and dates are what
 * they should be, signals have not fired yet, `source` differs from `destination`, and no option comes that
 * needs a capability which the driver does not declare.
 *
 * **Absence** is thrown, by every method, as `pathNotFound(path)`; only `list` gives an empty list where there is nothing.
 * Whatever else is thrown goes through `mapError`, and gets the driver's name.
 */
export interface DriverImplementation {
  getContent(path: string, options: CallOptions): Promise<Uint8Array>
  putContent(path: string, content: Uint8Array, options: Resolved<PutOptions>): Promise<WriteResult>
  /** Default: a writer that is committed. */
  putStream?(path: string, source: Readable, options: Resolved<PutStreamOptions>): Promise<WriteResult>
  reader(path: string, options: ReadOptions & { offset: number }): Promise<Readable>
  /**
   * Starts, or with `append` continues, an upload. The signal covers this call; later aborts come as `release`. A
   * `destination` comes only where it differs from `path`.
   */
  writer(path: string, options: Resolved<WriteOptions> & { append: boolean }): Promise<Upload>
  /**
   * Tells what is at `path`. For the root anything will do, absence too, so this is where a health check may look. With
   * `fileOnly` a directory may be told or not: it is never passed on.
   */
  stat(path: string, options: StatOptions): Promise<FileInfo>
  /** Absolute paths of direct children in any order, without repetitions; none where there is no directory. */
  list(path: string, options: CallOptions): Promise<string[]>
  /** Default: by `list` and `stat`, which asks once for each entry. */
  walk?(path: string, options: WalkOptions): AsyncIterable<FileInfo>
  move(source: string, destination: string, options: MoveOptions): Promise<void>
  delete(path: string, options: DeleteOptions): Promise<void>
  /** Capability `urls`. `method` is GET or HEAD. */
  urlFor?(path: string, options: UrlOptions & { method: 'GET' | 'HEAD' }): Promise<SignedUrl | undefined>
  /** Capability `uploadUrls`. */
  uploadUrlFor?(path: string, options: Resolved<UploadUrlOptions>): Promise<UploadRequest>
  /** Capability `uploadForms`. */
  uploadFormFor?(path: string, options: Resolved<UploadFormOptions>): Promise<UploadForm>
  /** Capability `directUploads`. Calls of what it gives are checked and get their errors named, too. */
  directUpload?(path: string, options: Resolved<DirectUploadOptions>): Promise<DirectUpload>
  /** Default: the path without its leading slash. */
  keyFor?(path: string): string
  purgeUploads(options: PurgeOptions & { path: string }): Promise<PurgeResult>
  /**
   * Maps an error of the storage to the contract's. Called with whatever a method or a stream of its
   * throws that is no `StorageError` yet. Default: `UNKNOWN`.
   */
  mapError?(error: unknown, path: string): StorageError
  /** Ends connections and timers. Called once. */
  close?(): Promise<void> | void
}
