/** Time for which a value counts, where nobody tells that it was deleted. */
export const DEFAULT_MAX_AGE_MS = 60_000

/** Time for which a value is kept, for callers that accept an older one: ten minutes. */
export const TTL_MS = 10 * DEFAULT_MAX_AGE_MS

export type LookUp<Value> = () => Promise<Value | undefined>

/** Moment at which something was known to be there; only the cache that gave it can read it. */
export type Mark = number

/**
 * Cache of what was found in the storage, by its key. What was not found is looked up every time. A value that is deleted
 * while it is looked up reaches those who wait for it, and is not kept.
 */
export interface LookupCache<Value extends object> {
  /**
   * Gives the value for a key: at once when it is cached, else as it is looked up.
   *
   * @param maxAgeMs age up to which a cached value counts, ten minutes at most. Default: one minute.
   */
  get(key: string, lookUp: LookUp<Value>, maxAgeMs?: number): Value | undefined | Promise<Value | undefined>

  /** Marks this moment. Take a mark before you write what you then `set`. */
  mark(): Mark

  /** Keeps a value, unless it may have been deleted since the mark. */
  set(key: string, value: Value, since: Mark): void

  /**
   * Removes something from the storage with `remove`. When it resolves, whoever shares the cache has forgotten it. Rejects
   * before anything is removed where they cannot be told.
   */
  delete<Result>(key: string, remove: () => Promise<Result>): Promise<Result>

  /** Removes a value that turned out to be gone. Never rejects. */
  forget(key: string): Promise<void>
}

/** Form of a cache's values outside of this process, and their size in it. */
export interface ValueFormat<Value> {
  encode(value: Value): Buffer | string
  /** Undefined for what is no value of this key. */
  decode(key: string, encoded: Buffer): Value | undefined
  /** Bytes of one value, and of all together at most, in memory. Default: values are only counted. */
  readonly maxBytes?: { readonly total: number; readonly of: (value: Value) => number }
}

/** Source of the caches of one registry. */
export interface CacheProvider extends AsyncDisposable {
  /** Creates the cache of that name; all processes give one the same name. */
  create<Value extends object>(name: string, format: ValueFormat<Value>): LookupCache<Value>
}

/**
 * Asks the storage, whatever is cached. Nothing found removes the value, so that a client that is refused for want of it is
 * not told next that it is there.
 */
export async function ask<Found>(
  cache: Pick<LookupCache<never>, 'forget'>,
  key: string,
  lookUp: LookUp<Found>,
): Promise<Found | undefined> {
  const found = await lookUp()
  if (found === undefined) await cache.forget(key)
  return found
}
