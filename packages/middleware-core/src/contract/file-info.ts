import type { FileMetadata } from './metadata.ts'

/** Entry of the storage, as `stat` and `walk` tell of it. */
export interface FileInfo {
  /** Absolute path, as the caller would give it. */
  readonly path: string
  /** Bytes; 0 for a directory. */
  readonly size: number
  /** Time at which the content was last put in place; for a directory whatever the storage knows, or the epoch. */
  readonly modifiedAt: Date
  readonly isDirectory: boolean
  /**
   * Opaque text that stands for a file's content: as long as it is the same, so are the bytes. Absent for directories, and
   * without the capability `revisions`; `walk` may leave it out.
   */
  readonly revision?: string | undefined
  /** Stored metadata. Absent for directories, without the capability `metadata`, and from `walk`. */
  readonly metadata?: FileMetadata | undefined
}

/** Outcome of `putContent`, `putStream` and `commit`. */
export interface WriteResult {
  /** {@link FileInfo.revision} of what was stored, where the storage tells it at once. */
  readonly revision?: string | undefined
}

/** Outcome of `purgeUploads`. */
export interface PurgeResult {
  /** Number of unfinished uploads that were discarded; with `dryRun`, that would be. */
  readonly uploads: number
}
