/**
 * What went wrong, in a form that a program can act on:
 *
 * | code | meaning |
 * |---|---|
 * | `PATH_NOT_FOUND` | there is no file (or, for `stat`, `list` and `delete`, nothing at all) at the path |
 * | `INVALID_PATH` | the path breaks the contract's path rules |
 * | `INVALID_OFFSET` | a negative or fractional offset |
 * | `CONFLICT` | the storage's present state forbids the call, such as appending to a committed file |
 * | `WRITER_STATE` | the writer is committed or cancelled already |
 * | `UNSUPPORTED` | this driver cannot do that, now or later |
 * | `CONFIG` | a wrong configuration |
 * | `ACCESS_DENIED` | the storage refused the credentials or the permission |
 * | `UNAVAILABLE` | the storage is throttling or out of reach: try again, after `retryAfter` seconds when given |
 * | `CLOSED` | the driver has been disposed of |
 * | `FAILED` | anything else; see `cause` |
 */
export type StorageErrorCode =
  | 'PATH_NOT_FOUND'
  | 'INVALID_PATH'
  | 'INVALID_OFFSET'
  | 'CONFLICT'
  | 'WRITER_STATE'
  | 'UNSUPPORTED'
  | 'CONFIG'
  | 'ACCESS_DENIED'
  | 'UNAVAILABLE'
  | 'CLOSED'
  | 'FAILED'

/** The parts of a {@link StorageError} beside its code and its detail. */
export interface StorageErrorInit {
  /** The driver's name; `defineDriver` fills it in. */
  driver?: string | undefined
  /** The path that the call was about. */
  path?: string | undefined
  /** Seconds to wait before another try; only with `UNAVAILABLE`. */
  retryAfter?: number | undefined
  /** The error underneath. */
  cause?: unknown
}

/** Every failure of a driver or a middleware. Aborts are not failures: they reject with the signal's own reason. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError'
  readonly code: StorageErrorCode
  /** What happened, without the driver's name. */
  readonly detail: string
  readonly driver: string | undefined
  readonly path: string | undefined
  readonly retryAfter: number | undefined

  constructor(code: StorageErrorCode, detail: string, init: StorageErrorInit = {}) {
    super(
      init.driver === undefined ? detail : `${init.driver}: ${detail}`,
      'cause' in init ? { cause: init.cause } : {},
    )
    this.code = code
    this.detail = detail
    this.driver = init.driver
    this.path = init.path
    this.retryAfter = init.retryAfter
  }

  /** The error as a registry reports it. The cause stays out: it may hold what a client must not see. */
  toJSON(): { driver: string | undefined; code: StorageErrorCode; detail: string } {
    return { driver: this.driver, code: this.code, detail: this.detail }
  }
}

/** True for a {@link StorageError}, with that code when one is given. */
export function isStorageError(error: unknown, code?: StorageErrorCode): error is StorageError {
  return error instanceof StorageError && (code === undefined || error.code === code)
}

/** There is nothing, or no file, at `path`. */
export function pathNotFound(path: string, init: Omit<StorageErrorInit, 'path'> = {}): StorageError {
  return new StorageError('PATH_NOT_FOUND', `path not found: ${path}`, { ...init, path })
}

/** The file at `path` is not, or no longer, of the revision that the caller named. */
export function otherRevision(path: string, init: Omit<StorageErrorInit, 'path'> = {}): StorageError {
  return new StorageError('CONFLICT', `the file is of another revision: ${path}`, { ...init, path })
}

/**
 * Turns whatever was thrown into a `StorageError` that names its driver and path. A `StorageError` keeps its code and
 * gains what it lacks; anything else becomes `FAILED` with the original as its cause.
 */
export function toStorageError(error: unknown, driver: string, path?: string): StorageError {
  if (error instanceof StorageError) {
    if (error.driver !== undefined) return error
    const { code, detail, retryAfter, cause } = error
    return new StorageError(code, detail, { driver, path: error.path ?? path, retryAfter, cause })
  }
  const detail = error instanceof Error ? error.message : String(error)
  return new StorageError('FAILED', detail, { driver, path, cause: error })
}
