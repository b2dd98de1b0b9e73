/**
 * Kinds of failure, for a program to branch on:
 *
 * | code | meaning |
 * |---|---|
 * | `PATH_NOT_FOUND` | no file (for `stat`, `list` and `delete`: nothing at all) is at the path |
 * | `INVALID_PATH` | the path breaks the contract's path rules, or the storage cannot hold such a name |
 * | `INVALID_ARGUMENT` | an offset, a length, a date, a metadata name, ... is not what the call accepts |
 * | `NOT_A_DIRECTORY` | a file is where the call needs a directory, or a directory where it needs a file |
 * | `PRECONDITION_FAILED` | `ifAbsent` or `ifRevision` does not hold; nothing was changed |
 * | `ALREADY_COMMITTED` | no upload to continue: the path has a committed file with content |
 * | `UPLOAD_NOT_FOUND` | the upload is gone: it was purged, cancelled, committed or taken over by another writer |
 * | `INVALID_STATE` | the writer is committed or cancelled already |
 * | `UNSUPPORTED` | the driver or its server cannot do that, now or later |
 * | `CONFIG` | a wrong configuration |
 * | `ACCESS_DENIED` | the storage refused the credentials or the permission |
 * | `UNAVAILABLE` | the storage is throttling or out of reach: try again, after `retryAfter` seconds when given |
 * | `DISPOSED` | the driver has been disposed of |
 * | `UNKNOWN` | anything else; see `cause` |
 */
export type StorageErrorCode =
  | 'PATH_NOT_FOUND'
  | 'INVALID_PATH'
  | 'INVALID_ARGUMENT'
  | 'NOT_A_DIRECTORY'
  | 'PRECONDITION_FAILED'
  | 'ALREADY_COMMITTED'
  | 'UPLOAD_NOT_FOUND'
  | 'INVALID_STATE'
  | 'UNSUPPORTED'
  | 'CONFIG'
  | 'ACCESS_DENIED'
  | 'UNAVAILABLE'
  | 'DISPOSED'
  | 'UNKNOWN'

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

/** Marks a {@link StorageError} of any copy of this package: a program may have several, and `instanceof` knows one. */
const brand = Symbol.for('longshore.StorageError')

/** Every failure of a driver or a middleware. Aborts are not failures: they reject with the signal's own reason. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError'
  readonly [brand] = true
  readonly code: StorageErrorCode
  /** Message without the driver's name. */
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

/** True for a {@link StorageError}; with codes, for one that has any of them. */
export function isStorageError(error: unknown, ...codes: StorageErrorCode[]): error is StorageError {
  const isOne = typeof error === 'object' && error !== null && brand in error
  return isOne && (codes.length === 0 || codes.includes((error as StorageError).code))
}

/** Waits for a call, and gives `undefined` where it fails with `PATH_NOT_FOUND`. */
export async function undefinedIfNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return undefined
    throw error
  }
}

/** Creates the error for a `path` where nothing, or no file, is. */
export function pathNotFound(path: string, init: Omit<StorageErrorInit, 'path'> = {}): StorageError {
  return new StorageError('PATH_NOT_FOUND', `path not found: ${path}`, { ...init, path })
}

/** Creates the error for a file at `path` where the caller wanted none. */
export function fileExists(path: string, init: Omit<StorageErrorInit, 'path'> = {}): StorageError {
  return new StorageError('PRECONDITION_FAILED', `a file is there already: ${path}`, { ...init, path })
}

/** Creates the error for a file at `path` that is not, or no longer, of the revision that the caller named. */
export function revisionMismatch(path: string, init: Omit<StorageErrorInit, 'path'> = {}): StorageError {
  return new StorageError('PRECONDITION_FAILED', `the file is of another revision: ${path}`, { ...init, path })
}

/**
 * Turns whatever was thrown into a `StorageError` that names its driver and path. A `StorageError` keeps its code and
 * gains what it lacks; anything else becomes `UNKNOWN` with the original as its cause.
 */
export function toStorageError(error: unknown, driver: string, path?: string): StorageError {
  if (isStorageError(error)) {
    if (error.driver !== undefined) return error
    const { code, detail, retryAfter, cause } = error
    return new StorageError(code, detail, { driver, path: error.path ?? path, retryAfter, cause })
  }
  const detail = error instanceof Error ? error.message : String(error)
  return new StorageError('UNKNOWN', detail, { driver, path, cause: error })
}
