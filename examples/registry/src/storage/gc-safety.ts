import { type FileInfo, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'

/**
 * Rules by which a push stays safe from a garbage collection that runs beside it.
 *
 * A collection removes links first, waits for `MIN_SETTLE_MS` or more, reads the manifests stored meanwhile, and deletes
 * only blobs that are older than its grace period, 24 hours by default.
 */

/**
 * Age from which bytes that are there are stored again, not reused: 12 hours, half of the grace period. Younger bytes are
 * safe until the manifest comes; stored anew, old ones are young.
 */
const MAX_REUSE_AGE_MS = 12 * 60 * 60 * 1000

/**
 * Time for which a request relies on what it read from the storage: 30 seconds. A request that took longer until it wrote
 * what relies on that reads again. A collection waits for at least twice as long.
 */
export const REVALIDATE_AFTER_MS = 30_000

/** Source of the time, in milliseconds. */
export interface Clock {
  now(): number
}

/** Asks whether a file of this size is there and young enough for a push to rely on. Costs one request. */
export async function isReusable(storage: StorageDriver, path: string, size: number): Promise<boolean> {
  const file = await undefinedIfNotFound(storage.stat(path, { fileOnly: true }))
  return file?.size === size && isYoung(file)
}

function isYoung({ modifiedAt }: FileInfo): boolean {
  return Date.now() - modifiedAt.getTime() < MAX_REUSE_AGE_MS
}
