import type { Readable, Writable } from 'node:stream'

/**
 * A place that keeps files under slash-separated paths: the contract that every driver and every middleware keeps.
 *
 * - **Paths** are absolute: components of `A-Z a-z 0-9 . _ -`, each after one slash, none of them `.` or `..`. Only
 *   `stat`, `list` and `walk` accept the root, `/`.
 * - **Files and directories.** A directory exists while a file lies somewhere below it; none is ever made or removed for
 *   itself. A path is a file or a directory: writing a file below another file is not defined.
 * - **Atomicity.** A reader sees the whole of some committed content or nothing: never a part, never a mixture.
 * - **Order of checks**: a disposed driver, an aborted signal, the offset, the path, then the storage.
 * - **Errors** are `StorageError`s that name the driver. An aborted call rejects with the signal's own reason.
 * - **Signals.** Every call takes one; aborting it stops what the call has under way.
 */
export interface StorageDriver extends AsyncDisposable {
  /** What error messages and metrics call this driver. */
  readonly name: string

  /** The whole content of a small file. `PATH_NOT_FOUND` when there is no file at `path`. */
  getContent(path: string, options?: CallOptions): Promise<Uint8Array>

  /** Stores a small content whole, empty ones included, replacing what was there. Strings are stored as UTF-8. */
  putContent(path: string, content: Uint8Array | string, options?: CallOptions): Promise<void>

  /**
   * A stream of a file's bytes from `offset` on. An offset at or beyond the end gives an empty stream; a negative or
   * fractional one is `INVALID_ARGUMENT`; `PATH_NOT_FOUND` when there is no file. Destroying the stream frees what it holds.
   */
  reader(path: string, options?: ReadOptions): Promise<Readable>

  /**
   * Starts an upload to `path`, or with `append` continues the one that was last closed or interrupted there. Nothing of
   * it can be read before {@link FileWriter.commit}; what was committed at `path` before stays readable until then.
   *
   * `append` where no upload was left: a committed empty file is replaced, a committed file with content is `ALREADY_COMMITTED`,
   * and nothing at all is `PATH_NOT_FOUND`.
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
   * newer one was started on its path. It stays until a sweep, unless the newer one's commit discards it.
   */
  writer(path: string, options?: WriteOptions): Promise<FileWriter>

  /** What is at `path`; `PATH_NOT_FOUND` when nothing is. The root is always a directory. */
  stat(path: string, options?: StatOptions): Promise<FileInfo>

  /**
   * The absolute paths of a directory's direct children, files and directories together, sorted by byte order.
   * `PATH_NOT_FOUND` when there is no directory at `path`. The root of an empty storage gives an empty list.
   */
  list(path: string, options?: CallOptions): Promise<string[]>

  /**
   * Everything below `path`, but not `path` itself. Entries come in the byte order of their {@link walkPosition}s, which
   * puts a directory right before its contents, and each once. Walking what does not exist yields nothing. Entries that
   * vanish meanwhile are left out.
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
   * Where a client can fetch the file itself, or `undefined`: serve it yourself. Whether the file exists is not checked.
   * A method other than GET and HEAD gives `undefined`.
   */
  urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined>

  /** The object's key in its bucket, for those who build URLs to it. Without this method, see {@link keyOf}. */
  keyFor?(path: string): string

  /**
   * Discards unfinished uploads to `path` and below it that were last touched before `olderThan`, as far as the storage
   * can tell, with everything they stored. One that is still being written is among them if it is that old.
   */
  purgeUploads(options: PurgeOptions): Promise<PurgeResult>

  /** Ends what the driver holds: connections, timers. Calls after it reject with `DISPOSED`. May be called twice. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * An upload in progress. It is an ordinary `Writable` with backpressure:
 *
 * ```ts
 * await pipeline(source, writer, { end: false })   // write
 * await writer.commit()                            // only now is the content readable
 * ```
 *
 * Ending it (`end`, `close`, or a `pipeline` without `end: false`) makes everything written durable and resumable, but not
 * readable; `commit` may follow, in this process or, through `writer(path, { append: true })`, in another. Committing
 * without ending first is the cheapest: nothing has to be stored in between.
 *
 * Destroying it (an error in a `pipeline` does) stops its requests and keeps what was durable by then for a later
 * `append`. A failed write rejects the `commit` or `close` that follows, so it never needs an `error` listener.
 */
export interface FileWriter extends Writable {
  /**
   * Bytes of the upload so far: those found when it was continued and those this writer has taken over since. Some may
   * still be in memory while the writer is open; once it is closed, all of them survive a crash.
   */
  readonly size: number
  /**
   * An opaque text that stands for the upload's bytes: whatever writer gives the same text has the same bytes. So what was
   * found out about them while they were written, a digest say, still holds when a later writer goes on from them. A writer
   * has one when it continues an upload and once it is closed, but not after a `write`, nor where the storage cannot tell.
   */
  readonly revision?: string | undefined
  /** Stores what was written so that it can be continued, and frees the writer. Ending it again does nothing. */
  close(): Promise<void>
  /**
   * Publishes the content, atomically. When it fails with `UNAVAILABLE` it may be called again.
   * `INVALID_STATE` after a commit or a cancel.
   */
  commit(options?: CallOptions): Promise<void>
  /** Discards the upload with everything it stored. `INVALID_STATE` after a commit; cancelling again does nothing. */
  cancel(): Promise<void>
}

/** What `stat` and `walk` tell of an entry. */
export interface FileInfo {
  /** Absolute path, as the caller would give it. */
  readonly path: string
  /** Bytes; 0 for a directory. */
  readonly size: number
  /** When the content was last put in place; for a directory whatever the storage knows, or the epoch. */
  readonly modifiedAt: Date
  readonly isDirectory: boolean
  /**
   * An opaque text that stands for a file's content: as long as it is the same, so are the bytes. Absent for directories,
   * and where the storage cannot tell; `walk` may leave it out.
   */
  readonly revision?: string | undefined
}

/** A URL from which a client fetches one file without asking the service again. */
export interface SignedUrl {
  readonly url: string
  /** When the URL ceases to work. */
  readonly expiresAt: Date
  /** Who serves it: `s3`, `cloudfront`, `redirect`, ... */
  readonly via: string
}

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface ReadOptions extends CallOptions {
  /** Bytes to leave out at the beginning. Default 0. */
  offset?: number | undefined
  /** Only if the file still is of this revision, and then all of the stream is; `PRECONDITION_FAILED` when it is another. */
  revision?: string | undefined
}

export interface WriteOptions extends CallOptions {
  /** Continue the upload that was left at the path. Default false: start a new one. */
  append?: boolean | undefined
  /** The path at which the commit puts the file. Default: the writer's own. Who maps paths maps this one, too. */
  destination?: string | undefined
  /**
   * With `append`: what the caller knows of the upload from the writer that was closed last. A driver may take its word for
   * it, which saves an object storage from reading what is known. Whatever another writer has added since is then left out,
   * and discarded by a commit or a cancel: for callers who know from elsewhere, from a digest say, that nothing is missing.
   * A driver that looks goes on from what it finds. Which it was, the writer's `revision` tells.
   */
  known?: KnownUpload | undefined
}

/** All bytes of an upload. */
export interface KnownUpload {
  /** The {@link FileWriter.revision} that stands for them. */
  readonly revision: string
  readonly content: Uint8Array
}

export interface StatOptions extends CallOptions {
  /**
   * Only a file is asked about: a directory is `PATH_NOT_FOUND`, too. Saves an object storage from looking for one, which
   * costs a request wherever there is no file. Default false. The root is a directory all the same.
   */
  fileOnly?: boolean | undefined
}

export interface DeleteOptions extends CallOptions {
  /**
   * Only a file is removed, never what lies below the path, and none being there is no error. Saves an object storage from
   * looking first. Default false.
   */
  fileOnly?: boolean | undefined
}

export interface WalkOptions extends CallOptions {
  /**
   * Yield only what comes after this position: a file's path, or a directory's with a slash behind it. It need not
   * exist. So a page goes on with `startAfter: walkPosition(lastEntry)`. Default: from the beginning.
   */
  startAfter?: string | undefined
  /** Called once for each directory, before its contents; false leaves everything below it out. Default: always true. */
  descend?: ((directory: FileInfo) => boolean) | undefined
}

export interface MoveOptions extends CallOptions {
  /** The file's size in bytes, when the caller knows it: saves a driver from asking. */
  size?: number | undefined
  /** Only if the file at `source` still is of this revision; `PRECONDITION_FAILED` when it is another, and nothing is touched. */
  revision?: string | undefined
}

export interface UrlOptions extends CallOptions {
  /** Default GET. */
  method?: 'GET' | 'HEAD' | undefined
  /** Seconds the URL should work. Default: the driver's or middleware's own setting, which also caps it. */
  expiresIn?: number | undefined
  /** The file's size in bytes, when the caller knows it. */
  size?: number | undefined
  /** Whom the URL is for. */
  client?: UrlClient | undefined
}

/**
 * The request that a URL is wanted for, as the service received it: everything here is what a connection or a header says.
 * Whom to believe is for the middleware that uses it to decide.
 */
export interface UrlClient {
  /** The address at the other end of the connection: the client's own or a proxy's. A port behind it does no harm. */
  ip?: string | undefined
  /** The `User-Agent` header. */
  userAgent?: string | undefined
  /** The `X-Forwarded-For` header; several in their order. Leave it out where `ip` was taken from it already. */
  xForwardedFor?: string | readonly string[] | undefined
  /** The `Forwarded` header (RFC 7239); several in their order. Leave it out where `ip` was taken from it already. */
  forwarded?: string | readonly string[] | undefined
}

export interface PurgeOptions extends CallOptions {
  /** Uploads last touched before this moment are discarded. */
  olderThan: Date
  /** A file's path, or a directory's for everything below it. Default: the root. */
  path?: string | undefined
}

export interface PurgeResult {
  /** How many unfinished uploads were discarded. */
  readonly uploads: number
}

/** The object's key in its bucket: what the driver says, or else the path without its leading slash. */
export function keyOf(driver: StorageDriver, path: string): string {
  return driver.keyFor?.(path) ?? path.slice(1)
}
