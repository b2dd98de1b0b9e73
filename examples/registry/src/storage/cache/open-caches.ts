import type { CacheSettings } from '../../config/cache.ts'
import type { CachePeers } from './cache-peers.ts'
import type { CacheProvider } from './lookup-cache.ts'
import { MemoryCaches } from './memory-caches.ts'
import { type CacheLog, RedisCaches } from './redis-caches.ts'

export interface OpenCachesOptions {
  readonly log: CacheLog
  /** Processes that are told of deletes, where each has a memory of its own. Default: none. */
  readonly peers?: CachePeers | undefined
}

/** Opens the caches that a configuration describes. */
export async function openCaches(settings: CacheSettings, { log, peers }: OpenCachesOptions): Promise<CacheProvider> {
  if (settings.kind === 'redis') return RedisCaches.open(settings.redis, log)
  return new MemoryCaches({ maxEntries: settings.maxEntries, peers })
}
