import { LRUCache } from 'lru-cache'
import type { CachePeers } from './cache-peers.ts'
import {
  type CacheProvider,
  DEFAULT_MAX_AGE_MS,
  type LookUp,
  type LookupCache,
  type Mark,
  TTL_MS,
  type ValueFormat,
} from './lookup-cache.ts'

export interface MemoryCacheOptions {
  /** Values in one cache at most; 0 keeps none, `Infinity` all. */
  readonly maxEntries: number
  /** Processes that are told of deletes. Default: none. */
  readonly peers?: CachePeers | undefined
  /** Source of the time, in milliseconds. Default: the one that never goes back. */
  readonly clock?: { now(): number }
}

/**
 * Caches in this process' memory. Processes that are peers tell each other of deletes; another node learns of them only with
 * time.
 */
export class MemoryCaches implements CacheProvider {
  readonly #options: MemoryCacheOptions
  readonly #caches = new Map<string, Pick<MemoryCache<never>, 'forgetHere'>>()

  constructor(options: MemoryCacheOptions) {
    this.#options = options
    options.peers?.onForget(({ cache, key }) => this.#caches.get(cache)?.forgetHere(key))
  }

  create<Value extends object>(name: string, format: Pick<ValueFormat<Value>, 'maxBytes'>): LookupCache<Value> {
    const { peers } = this.#options
    const forgetElsewhere = async (key: string): Promise<void> => peers?.forget({ cache: name, key })
    const cache = new MemoryCache<Value>(this.#options, format, forgetElsewhere)
    this.#caches.set(name, cache)
    return cache
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#caches.clear()
  }
}

class MemoryCache<Value extends object> implements LookupCache<Value> {
  readonly #values: LRUCache<string, Value, LookUp<Value>> | undefined
  readonly #forgetElsewhere: (key: string) => Promise<void>
  /** Values deleted so far. As long as it stays the same, nothing written meanwhile can have been deleted again. */
  #deletes = 0

  constructor(
    { maxEntries, clock = performance }: MemoryCacheOptions,
    { maxBytes }: Pick<ValueFormat<Value>, 'maxBytes'>,
    forgetElsewhere: (key: string) => Promise<void>,
  ) {
    this.#forgetElsewhere = forgetElsewhere
    if (maxEntries === 0) return
    this.#values = new LRUCache<string, Value, LookUp<Value>>({
      ttl: TTL_MS,
      ttlResolution: 0,
      perf: clock,
      fetchMethod: (_key, _value, { context }) => context(),
      // A value that is deleted or replaced while it is looked up reaches those who wait for it, and is not kept.
      ignoreFetchAbort: true,
      // With a limit of values the memory for them is taken at once, and without any limit there has to be a size.
      max: Number.isFinite(maxEntries) ? maxEntries : 0,
      ...(maxBytes ? { maxSize: maxBytes.total, sizeCalculation: maxBytes.of } : countless(maxEntries)),
    })
  }

  /** Callers at the same time share one lookup. */
  get(key: string, lookUp: LookUp<Value>, maxAgeMs: number = DEFAULT_MAX_AGE_MS): Value | Promise<Value | undefined> {
    const values = this.#values
    if (values === undefined) return lookUp()
    const value = values.get(key)
    if (value !== undefined && (maxAgeMs >= TTL_MS || TTL_MS - values.getRemainingTTL(key) <= maxAgeMs)) return value
    return values.fetch(key, { context: lookUp, forceRefresh: value !== undefined })
  }

  mark(): Mark {
    return this.#deletes
  }

  set(key: string, value: Value, since: Mark): void {
    if (since === this.#deletes) this.#values?.set(key, value)
  }

  async delete<Result>(key: string, remove: () => Promise<Result>): Promise<Result> {
    try {
      return await remove()
    } finally {
      // A failure may come after the storage has removed it.
      await this.forget(key)
    }
  }

  async forget(key: string): Promise<void> {
    this.forgetHere(key)
    await this.#forgetElsewhere(key)
  }

  /** A lookup that began before has an answer for those who wait, and for no one else. */
  forgetHere(key: string): void {
    this.#deletes += 1
    this.#values?.delete(key)
  }
}

function countless(maxEntries: number): { maxSize?: number; sizeCalculation?: () => number } {
  return Number.isFinite(maxEntries) ? {} : { maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: () => 1 }
}
