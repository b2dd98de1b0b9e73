import { LRUCache } from 'lru-cache'

/** Time for which a value counts. Another node that deletes it can tell nobody. */
const DEFAULT_MAX_AGE_MS = 60_000

/** Time for which a value is kept, for callers that accept an older one. */
const TTL_MS = 10 * DEFAULT_MAX_AGE_MS

type LookUp<Value> = () => Promise<Value | undefined>

export interface LookupCacheOptions<Value> {
  /** Values kept at most; 0 keeps none. */
  readonly maxEntries: number
  /** Bytes of one value, and of all together at most. Default: values are only counted. */
  readonly maxBytes?: { readonly total: number; readonly of: (value: Value) => number }
  /** Source of the time, in milliseconds. Default: the one that never goes back. */
  readonly clock?: { now(): number }
}

/** Cache of what was found in the storage. What was not found is looked up every time. */
export class LookupCache<Value extends object> {
  readonly #cache: LRUCache<string, Value, LookUp<Value>> | undefined

  constructor({ maxEntries, maxBytes, clock = performance }: LookupCacheOptions<Value>) {
    if (maxEntries === 0) return
    this.#cache = new LRUCache<string, Value, LookUp<Value>>({
      max: maxEntries,
      ttl: TTL_MS,
      ttlResolution: 0,
      perf: clock,
      fetchMethod: (_key, _value, { context }) => context(),
      // A value that is deleted or replaced while it is looked up reaches those who wait for it, and is not kept.
      ignoreFetchAbort: true,
      ...(maxBytes && { maxSize: maxBytes.total, sizeCalculation: maxBytes.of }),
    })
  }

  /**
   * Gives the value for a key: at once when it is cached, else as it is looked up. Callers at the same time share one lookup.
   *
   * @param maxAgeMs age up to which a cached value counts, ten minutes at most. Default: one minute.
   */
  get(key: string, lookUp: LookUp<Value>, maxAgeMs: number = DEFAULT_MAX_AGE_MS): Value | Promise<Value | undefined> {
    const cache = this.#cache
    if (cache === undefined) return lookUp()
    const value = cache.get(key)
    if (value !== undefined && (maxAgeMs >= TTL_MS || TTL_MS - cache.getRemainingTTL(key) <= maxAgeMs)) return value
    return cache.fetch(key, { context: lookUp, forceRefresh: value !== undefined })
  }

  /**
   * Asks the storage, whatever is cached. Nothing found removes the value, so that a client that is refused for want of it is
   * not told next that it is there.
   */
  async ask<Found>(key: string, lookUp: LookUp<Found>): Promise<Found | undefined> {
    const found = await lookUp()
    if (found === undefined) this.delete(key)
    return found
  }

  set(key: string, value: Value): void {
    this.#cache?.set(key, value)
  }

  /** Removes a value once it is deleted. A lookup that began before has an answer for those who wait, and for no one else. */
  delete(key: string): void {
    this.#cache?.delete(key)
  }
}
