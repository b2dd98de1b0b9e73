import { StorageError, toStorageError } from '../../src/contract/errors.ts'
import type { Upload } from '../../src/authoring/upload.ts'
import { UploadWriter } from '../../src/authoring/upload-writer.ts'

/** What a storage throws that is throttling. */
export const unavailable = (): StorageError => new StorageError('UNAVAILABLE', 'slow down', { retryAfter: 3 })

const done = (): Promise<void> => Promise.resolve()
const committed = (): Promise<object> => Promise.resolve({})

/** A writer on an upload that notes its calls, and does what it is told to instead of its own. */
export function recorded(
  changes: Partial<Upload> = {},
  signal?: AbortSignal,
): { calls: string[]; writer: UploadWriter } {
  const calls: string[] = []
  const noted = <Args extends unknown[], Result>(
    name: string,
    call: ((...args: Args) => Result) | undefined,
  ): ((...args: Args) => Result) => {
    return (...args) => {
      calls.push(name)
      return call?.(...args) as Result
    }
  }
  const upload: Upload = {
    size: 0,
    revision: changes.revision,
    write: noted('write', changes.write),
    close: noted('close', changes.close ?? done),
    commit: noted('commit', changes.commit ?? committed),
    cancel: noted('cancel', changes.cancel ?? done),
    release: noted('release', changes.release),
  }
  const hooks = {
    translate: (error: unknown) =>
      signal?.aborted ? (signal.reason as Error) : toStorageError(error, 'test', '/file'),
    requireConditions: () => {},
    run: async <T>(_: string, call: () => Promise<T>): Promise<T> => {
      try {
        return await call()
      } catch (error) {
        throw toStorageError(error, 'test', '/file')
      }
    },
  }
  return { calls, writer: new UploadWriter(upload, hooks, signal) }
}
