import type { FileInfo } from './file-info.ts'
import type { NewFileMetadata } from './metadata.ts'

/** Options of every call. */
export interface CallOptions {
  /** Stops what the call has under way. The call rejects with the signal's own reason. */
  signal?: AbortSignal | undefined
}

/** Conditions of a write. When one does not hold, the call fails with `PRECONDITION_FAILED` and changes nothing. */
export interface WriteConditions {
  /** True: the write fails where a file is at the path. Capability `putIfAbsent` or, of `commit` and `putStream`, `commitIfAbsent`. Default false. */
  ifAbsent?: boolean | undefined
  /** Revision that the file at the path must still be of. Capability `putIfRevision` or `commitIfRevision`. Excludes `ifAbsent`. */
  ifRevision?: string | undefined
}

/** Options of `putContent`. */
export interface PutOptions extends CallOptions, WriteConditions {
  /** Metadata to store with the file. Capability `metadata`. Default: none; what was there before is not kept. */
  metadata?: NewFileMetadata | undefined
}

/** Options of `putStream`. */
export interface PutStreamOptions extends PutOptions {
  /** Called as bytes arrive at the storage, with the number of bytes that have so far. */
  onProgress?: ((bytes: number) => void) | undefined
}

/** Options of `reader`. */
export interface ReadOptions extends CallOptions {
  /** Bytes to leave out at the beginning. Default 0. */
  offset?: number | undefined
  /** Bytes to read at most. Default: all that follow. */
  length?: number | undefined
  /** Revision that the file must still be of, and then all of the stream is. Capability `revisions`. */
  ifRevision?: string | undefined
}

/** Options of `writer`. */
export interface WriteOptions extends CallOptions {
  /** True: continues the upload that was left at the path. Default false: starts a new one. */
  append?: boolean | undefined
  /** Path at which the commit puts the file. Default: the writer's own. A middleware that maps paths maps this one, too. */
  destination?: string | undefined
  /**
   * Metadata to store with the file, given when the upload starts: a later writer that continues it gives none. Capability
   * `metadata`.
   */
  metadata?: NewFileMetadata | undefined
}

/** Options of `commit`. */
export interface CommitOptions extends CallOptions, WriteConditions {}

/** Options of `stat`. */
export interface StatOptions extends CallOptions {
  /**
   * True: asks about a file only; a directory is `PATH_NOT_FOUND`, too. Saves an object storage from looking for one, which costs a
   * request wherever there is no file. Default false. The root is a directory all the same.
   */
  fileOnly?: boolean | undefined
}

/** Options of `delete`. */
export interface DeleteOptions extends CallOptions {
  /**
   * True: removes a file only, never what lies below the path; none being there is no error. Saves an object storage from looking
   * first. Default false.
   */
  fileOnly?: boolean | undefined
  /** Revision that the file must still be of. Needs `fileOnly`. Capability `deleteIfRevision`. */
  ifRevision?: string | undefined
}

/** Options of `walk`. */
export interface WalkOptions extends CallOptions {
  /**
   * Position after which the walk begins: a file's path, or a directory's with a slash at its end. It need not exist. So a
   * page goes on with `startAfter: walkPosition(lastEntry)`. Default: from the beginning.
   */
  startAfter?: string | undefined
  /** Called once for each directory, before its contents; false leaves everything below it out. Default: always true. */
  descend?: ((directory: FileInfo) => boolean) | undefined
}

/** Options of `move`. */
export interface MoveOptions extends CallOptions {
  /** Size of the file in bytes, when the caller knows it: saves a driver from asking. */
  size?: number | undefined
  /** Revision that the file at `source` must still be of; else nothing is touched. Capability `revisions`. */
  ifRevision?: string | undefined
}

/** Options of `purgeUploads`. */
export interface PurgeOptions extends CallOptions {
  /** Uploads last touched before this moment are discarded. */
  olderThan: Date
  /** Path of a file, or of a directory for everything below it. Default: the root. */
  path?: string | undefined
  /** True: nothing is discarded, and the result tells what would be. Default false. */
  dryRun?: boolean | undefined
}
