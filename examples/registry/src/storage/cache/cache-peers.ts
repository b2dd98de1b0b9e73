/** Value in a cache, by the cache's name. */
export interface CacheEntry {
  readonly cache: string
  readonly key: string
}

/** Other processes with caches of what the same storage holds. */
export interface CachePeers {
  /** Has all others forget a value. Resolves when they have or, with a warning in the log, after some seconds. */
  forget(entry: CacheEntry): Promise<void>
  /** Calls the listener with what others want forgotten. */
  onForget(listener: (entry: CacheEntry) => void): void
}
