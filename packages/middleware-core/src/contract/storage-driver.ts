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
} from './call-options.ts'
import type { Capabilities } from './capabilities.ts'
import type {
  DirectUpload,
  DirectUploadOptions,
  UploadForm,
  UploadFormOptions,
  UploadRequest,
  UploadUrlOptions,
} from './direct-upload.ts'
import type { FileInfo, PurgeResult, WriteResult } from './file-info.ts'
import type { FileWriter } from './file-writer.ts'
import type { SignedUrl, UrlOptions } from './signed-url.ts'

/**
 * Storage of files under slash-separated paths: the contract that every driver and every middleware keeps.
 *
 * - **Paths** are absolute: components, each after one slash, of any characters but control characters (U+0000 to U+001F,
 *   U+007F to U+009F), U+FFFE, U+FFFF and unpaired surrogates. No component is empty, `.` or `..`, and the first is neither
 *   `~uploads` nor `~temporary`, where drivers keep what is unfinished. A path has 1,024 UTF-8 bytes at most; a storage may
 *   hold less (`INVALID_PATH`). Nothing is normalised: two spellings are two files. Only `stat`, `list` and `walk` accept
 *   the root, `/`.
 * - **Files and directories.** A directory exists while a file lies somewhere below it; none is ever made or removed for
 *   itself. A path is a file or a directory: writing a file below another file is not defined.
 * - **Atomicity.** A reader sees the whole of some committed content or nothing: never a part, never a mixture.
 * - **Capabilities.** What is not declared in `capabilities` is refused with `UNSUPPORTED`, never left out in silence.
 * - **Order of checks**: a disposed driver, an aborted signal, the arguments, the path, the capability, then the storage.
 * - **Errors** are `StorageError`s that name the driver. An aborted call rejects with the signal's own reason.
 * - **Signals.** Every call takes one; aborting it stops what the call has under way.
 *
 * @example
 * const storage = compose(s3({ region: 'eu-central-1', bucket: 'artifacts' }), cloudfront({ baseUrl, privateKey, keyPairId }))
 * await storage.putContent('/hello.txt', 'Hello')
 * const pull = await storage.urlFor('/hello.txt')      // { url, expiresAt, via: 'cloudfront' }
 */
export interface StorageDriver extends AsyncDisposable {
  /** Name in error messages and metrics. */
  readonly name: string

  /** Abilities beyond what every driver has. They do not change. */
  readonly capabilities: Capabilities

  /** Reads the whole content of a small file. `PATH_NOT_FOUND` when there is no file at `path`. */
  getContent(path: string, options?: CallOptions): Promise<Uint8Array>

  /** Stores a small content whole, empty ones included, replacing what was there. Strings are stored as UTF-8. */
  putContent(path: string, content: Uint8Array | string, options?: PutOptions): Promise<WriteResult>

  /**
   * Stores a stream of unknown length whole, in one go, within the memory that an upload may hold. Nothing is visible before
   * it is complete, nothing is left when it fails, and it cannot be continued: that is what `writer` is for.
   */
  putStream(
    path: string,
    source: Readable | AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<WriteResult>

  /**
   * Streams a file's bytes from `offset` on, `length` of them at most. An offset at or beyond the end gives an empty stream;
   * a negative or fractional number is `INVALID_ARGUMENT`; `PATH_NOT_FOUND` when there is no file. Destroying the stream
   * frees what it holds.
   */
  reader(path: string, options?: ReadOptions): Promise<Readable>

  /**
   * Starts an upload to `path`, or with `append` continues the one that was last closed or interrupted there. Nothing of
   * it can be read before {@link FileWriter.commit}; what was committed at `path` before stays readable until then.
   *
   * `append` where no upload was left: a committed empty file is replaced, a committed file with content is
   * `ALREADY_COMMITTED`, and nothing at all is `PATH_NOT_FOUND`.
   *
   * Writers started without `append` know nothing of each other, on one path too, at the same time or one after the other
   * was abandoned: each commit publishes what its own writer was given and nothing else, the last commit wins, and
   * cancelling one leaves the others alone. A driver that cannot keep two apart rejects a commit with `UPLOAD_NOT_FOUND`.
   *
   * With a `destination` the upload is left and found at `path` as ever, but its commit puts the file there: like a `move`
   * that follows, without a copy where the storage can do without. It is this writer's own: one that continues the upload
   * names it again, or another. A commit that fails in between may leave the file committed at `path`. What was committed
   * at `path` before may stay or be gone; an upload that was left at the destination stays.
   *
   * Which upload was left last is told as well as the storage can: one that is still being written may be taken for one
   * that was interrupted. Not defined: two writers continuing one upload, and what becomes of an unfinished upload once a
   * newer one was started on its path. It stays until a purge, unless the newer one's commit discards it.
   */
  writer(path: string, options?: WriteOptions): Promise<FileWriter>

  /** Tells what is at `path`; `PATH_NOT_FOUND` when nothing is. The root is always a directory. */
  stat(path: string, options?: StatOptions): Promise<FileInfo>

  /**
   * Lists the absolute paths of a directory's direct children, files and directories together, sorted by the byte order of
   * their UTF-8 ({@link compareBytes}). `PATH_NOT_FOUND` when there is no directory at `path`. The root of an empty storage
   * gives an empty list.
   */
  list(path: string, options?: CallOptions): Promise<string[]>

  /**
   * Yields everything below `path`, but not `path` itself. Entries come in the byte order of their {@link walkPosition}s,
   * which puts a directory right before its contents, and each once. Walking what does not exist yields nothing. Entries
   * that vanish meanwhile are left out.
   */
  walk(path: string, options?: WalkOptions): AsyncIterable<FileInfo>

  /**
   * Moves a file, replacing what was at `destination`. `PATH_NOT_FOUND` when there is no file at `source`, and then
   * `destination` is untouched. A reader may find the content at both paths for a moment, but never at neither.
   * Moving a file onto itself does nothing, but checks its revision where one is given.
   */
  move(source: string, destination: string, options?: MoveOptions): Promise<void>

  /**
   * Removes a file, or a directory with everything below it. `PATH_NOT_FOUND` when nothing is there. Unfinished uploads to
   * the path or below it may stay: {@link purgeUploads} is for them.
   */
  delete(path: string, options?: DeleteOptions): Promise<void>

  /**
   * Makes a URL from which a client can fetch the file itself, or `undefined`: serve it yourself. Whether the file exists is
   * not checked. A method other than GET and HEAD gives `undefined`.
   */
  urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined>

  /**
   * Makes a request with which a client stores one file at `path` itself, bound to what `options` say. Capability
   * `uploadUrls`.
   *
   * @example
   * const { url, headers } = await storage.uploadUrlFor('/inbox/4711', { size: 1234, metadata: { contentType: 'image/png' } })
   * await fetch(url, { method: 'PUT', headers, body })
   */
  uploadUrlFor(path: string, options: UploadUrlOptions): Promise<UploadRequest>

  /** Makes a form with which a browser stores one file at `path` itself. Capability `uploadForms`. */
  uploadFormFor(path: string, options: UploadFormOptions): Promise<UploadForm>

  /** Starts an upload whose parts clients send to the storage itself, or with `id` goes on with it. Capability `directUploads`. */
  directUpload(path: string, options: DirectUploadOptions): Promise<DirectUpload>

  /** Gives the object's key in its bucket, for code that builds URLs to it. Without this method, see {@link keyOf}. */
  keyFor?(path: string): string

  /**
   * Discards unfinished uploads to `path` and below it that were last touched before `olderThan`, as far as the storage
   * can tell, with everything they stored. One that is still being written is among them if it is that old. With `dryRun` they
   * are only counted.
   */
  purgeUploads(options: PurgeOptions): Promise<PurgeResult>

  /** Ends what the driver holds: connections, timers. Calls after it reject with `DISPOSED`. May be called twice. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Gives the object's key in its bucket: what the driver says, or else the path without its leading slash. */
export function keyOf(driver: StorageDriver, path: string): string {
  return driver.keyFor?.(path) ?? path.slice(1)
}
