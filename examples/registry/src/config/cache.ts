import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { type RedisSettings, redisSettings } from './redis.ts'
import { unusedOption } from './unsupported-options.ts'

/** Settings of the caches for pulls. */
export type CacheSettings =
  /** In each process' memory: so many blobs, and as many manifests; 0 for none, `Infinity` for all. */
  | { readonly kind: 'inmemory'; readonly maxEntries: number }
  /** Shared by all nodes. */
  | { readonly kind: 'redis'; readonly redis: RedisSettings }

/** Blobs cached unless the configuration says more, as in Distribution. */
const DEFAULT_MAX_ENTRIES = 10_000

/** Memory for each is taken at once, so there is a limit. */
const MAX_ENTRIES = 1_000_000

const kind = z.optional(option.choice(['inmemory', 'redis', 'none']))
const cache = z.object({
  blobdescriptor: kind,
  layerinfo: kind,
  blobdescriptorsize: z.prefault(option.integer({ min: 0, max: MAX_ENTRIES, unit: 'blobs' }), DEFAULT_MAX_ENTRIES),
})

const withoutRedis = unusedOption('storage.cache.blobdescriptor is not redis')

/** Reads `storage.cache`. A size of 0 is no limit there, as in Distribution; without `storage.cache` there is a cache, too. */
export function cacheSettings(config: Config): CacheSettings {
  const { blobdescriptor, layerinfo, blobdescriptorsize } = config.section(['storage', 'cache'], cache)
  const chosen = blobdescriptor ?? layerinfo
  if (chosen === 'redis') return { kind: 'redis', redis: redisSettings(config) }
  config.section(['redis'], withoutRedis)
  const size = blobdescriptorsize === 0 ? Number.POSITIVE_INFINITY : blobdescriptorsize
  return { kind: 'inmemory', maxEntries: chosen === 'none' ? 0 : size }
}
