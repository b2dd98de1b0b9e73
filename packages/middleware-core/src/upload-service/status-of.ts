import type { StorageErrorCode } from '../contract/errors.ts'

const statuses: Partial<Record<StorageErrorCode, number>> = {
  PATH_NOT_FOUND: 404,
  UPLOAD_NOT_FOUND: 404,
  INVALID_PATH: 400,
  INVALID_ARGUMENT: 400,
  INVALID_STATE: 409,
  PRECONDITION_FAILED: 412,
  UNSUPPORTED: 501,
  UNAVAILABLE: 503,
}

/** HTTP status for a failure of the storage. */
export function statusOf(code: StorageErrorCode): number {
  return statuses[code] ?? 500
}
