import type { CommitOptions } from '../contract/call-options.ts'
import type { WriteResult } from '../contract/file-info.ts'

/**
 * Upload as a driver's author implements it. The contract's rules around it (state, stream, errors, aborts) are those of
 * `UploadWriter`: methods are called in a legal order only, and one at a time, except that `release` may come while another
 * is pending and must then bring it to an end.
 */
export interface Upload {
  /** Bytes of the upload so far, those in memory included. */
  readonly size: number
  /** See `FileWriter.revision`. Asked only while nothing was written since the upload was opened or closed. */
  readonly revision?: string | undefined
  /** Takes the bytes over. Their owner may change them once the promise resolves, or at once when nothing is returned. */
  write(chunk: Uint8Array): Promise<void> | void
  /** Makes all bytes durable and resumable, and frees memory. No `write` follows. Called after a failed commit, too. */
  close(): Promise<void>
  /**
   * Publishes all bytes at the destination, whether closed before or not. Called again only when it failed with
   * `UNAVAILABLE` or `PRECONDITION_FAILED` and the `close` that then followed, unless one went before, succeeded.
   */
  commit(options: CommitOptions): Promise<WriteResult>
  /** Removes the upload and everything it stored, whatever happened before. Called again only when it failed. */
  cancel(): Promise<void>
  /** Stops requests and frees memory; what is durable stays. Comes instead of `close`, or when that failed or was aborted. */
  release(): Promise<void> | void
}
