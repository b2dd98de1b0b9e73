import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { warnIgnored } from './unsupported-options.ts'

/** Settings of the caches for pulls. */
export interface CacheSettings {
  /** Blobs, and as many manifests, in each process' memory: 0 for none, `Infinity` for all. */
  readonly maxEntries: number
}

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

/** Reads `storage.cache`. A size of 0 is no limit there, as in Distribution; without `storage.cache` there is a cache, too. */
export function cacheSettings(config: Config): CacheSettings {
  const { blobdescriptor, layerinfo, blobdescriptorsize } = config.section(['storage', 'cache'], cache)
  const chosen = blobdescriptor ?? layerinfo
  if (chosen === 'redis') {
    const given = blobdescriptor === undefined ? 'layerinfo' : 'blobdescriptor'
    warnIgnored(config, `storage.cache.${given}: redis`, 'every process remembers blobs in its own memory')
  }
  if (chosen === 'none') return { maxEntries: 0 }
  return { maxEntries: blobdescriptorsize === 0 ? Number.POSITIVE_INFINITY : blobdescriptorsize }
}
