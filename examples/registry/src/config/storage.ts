import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { warnIgnored } from './unsupported-options.ts'

export interface StorageSettings {
  /** True where tags, manifests and blobs can be deleted. */
  readonly deletes: boolean
  /** False where blobs are sent through the registry, though the storage has URLs for them. */
  readonly redirects: boolean
  /** True where everything that would change the storage is refused. */
  readonly readOnly: boolean
  /** Blobs, and as many manifests, cached for pulls. Undefined: the registry's default. */
  readonly maxCached: number | undefined
  readonly uploadPurging: UploadPurgingSettings
}

/** Settings of the purges that delete uploads which nobody finishes. */
interface UploadPurgingSettings {
  /** False in a read-only registry, too. */
  readonly enabled: boolean
  /** Age from which an upload is deleted. */
  readonly ageMs: number
  /** Time between two purges. */
  readonly intervalMs: number
  /** True to only name uploads, and delete none. */
  readonly dryRun: boolean
}

/** Memory for each is taken at once, so there is a limit. */
const MAX_CACHED_BLOBS = 1_000_000

const maintenance = z.object({
  uploadpurging: z
    .object({
      enabled: z.prefault(option.boolean(), true),
      age: z.prefault(option.duration(), '168h'),
      interval: z.prefault(option.duration(), '24h'),
      dryrun: z.prefault(option.boolean(), false),
    })
    .prefault({}),
  readonly: z.object({ enabled: z.prefault(option.boolean(), false) }).prefault({}),
})
const cacheKind = z.optional(option.choice(['inmemory', 'redis']))
const cache = z.object({
  blobdescriptor: cacheKind,
  layerinfo: cacheKind,
  blobdescriptorsize: z.optional(option.integer({ min: 1, max: MAX_CACHED_BLOBS, unit: 'blobs' })),
})
const deletes = z.object({ enabled: z.prefault(option.boolean(), false) })
const redirect = z.object({ disable: z.prefault(option.boolean(), false) })

/** Reads what stands beside the driver in `storage`. */
export function storageSettings(config: Config): StorageSettings {
  const { uploadpurging, readonly } = config.section(['storage', 'maintenance'], maintenance)
  const { blobdescriptor, layerinfo, blobdescriptorsize } = config.section(['storage', 'cache'], cache)
  if (blobdescriptor === 'redis' || layerinfo === 'redis') {
    warnIgnored(config, 'storage.cache.blobdescriptor: redis', 'every process remembers blobs in its own memory')
  }
  return {
    deletes: config.section(['storage', 'delete'], deletes).enabled,
    redirects: !config.section(['storage', 'redirect'], redirect).disable,
    readOnly: readonly.enabled,
    maxCached: blobdescriptorsize,
    uploadPurging: {
      enabled: uploadpurging.enabled && !readonly.enabled,
      ageMs: uploadpurging.age,
      intervalMs: uploadpurging.interval,
      dryRun: uploadpurging.dryrun,
    },
  }
}
