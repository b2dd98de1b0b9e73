import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { warnIgnored } from './unsupported-options.ts'

export interface StorageSettings {
  readonly deletes: boolean
  readonly redirects: boolean
  /** Whether whatever would change the storage is refused. */
  readonly readOnly: boolean
  /** How many blobs' sizes are remembered. Undefined: as many as the registry thinks good. */
  readonly cache: number | undefined
  readonly uploadPurging: UploadPurgingSettings
}

/** When uploads that nobody finishes are deleted. */
interface UploadPurgingSettings {
  /** False in a registry that is read-only, too. */
  readonly enabled: boolean
  /** How old an upload has to be, in milliseconds. */
  readonly age: number
  /** Milliseconds between two looks. */
  readonly interval: number
  /** Whether uploads are only named, not deleted. */
  readonly dryRun: boolean
}

/** Room for each is taken at once, so there is a limit. */
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

/** What stands beside the driver in `storage`. */
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
    cache: blobdescriptorsize,
    uploadPurging: {
      enabled: uploadpurging.enabled && !readonly.enabled,
      age: uploadpurging.age,
      interval: uploadpurging.interval,
      dryRun: uploadpurging.dryrun,
    },
  }
}
