import type { Writable } from 'node:stream'
import type { CommitOptions } from './call-options.ts'
import type { WriteResult } from './file-info.ts'

/**
 * Upload in progress. It is an ordinary `Writable` with backpressure:
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
   * Opaque text that stands for the upload's bytes: whatever writer gives the same text has the same bytes. So what was
   * found out about them while they were written, a digest say, still holds when a later writer goes on from them. A writer
   * has one when it continues an upload and once it is closed, but not after a `write`. Capability `uploadRevisions`.
   */
  readonly revision?: string | undefined
  /** Stores what was written so that it can be continued, and frees the writer. Ending it again does nothing. */
  close(): Promise<void>
  /**
   * Publishes the content, atomically. When it fails with `UNAVAILABLE` it may be called again. `INVALID_STATE` after a
   * commit or a cancel. `PRECONDITION_FAILED` and `UNSUPPORTED` leave the upload as it was.
   */
  commit(options?: CommitOptions): Promise<WriteResult>
  /** Discards the upload with everything it stored. `INVALID_STATE` after a commit; cancelling again does nothing. */
  cancel(): Promise<void>
}
