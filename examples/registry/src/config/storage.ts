import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { type CacheSettings, cacheSettings } from './cache.ts'
import { unusedOption } from './unsupported-options.ts'

export interface StorageSettings {
  /** True where tags, manifests and blobs can be deleted. */
  readonly deletes: boolean
  /** False where blobs are sent through the registry, though the storage has URLs for them. */
  readonly redirects: boolean
  /** True where everything that would change the storage is refused. */
  readonly readOnly: boolean
  readonly cache: CacheSettings
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
const deletes = z.object({ enabled: z.prefault(option.boolean(), false) })
const tag = z.object({ concurrencylimit: unusedOption('links are read and written 16 at a time') })
const redirect = z.object({ disable: z.prefault(option.boolean(), false) })

/** Reads what stands beside the driver in `storage`. */
export function storageSettings(config: Config): StorageSettings {
  const { uploadpurging, readonly } = config.section(['storage', 'maintenance'], maintenance)
  config.section(['storage', 'tag'], tag)
  return {
    deletes: config.section(['storage', 'delete'], deletes).enabled,
    redirects: !config.section(['storage', 'redirect'], redirect).disable,
    readOnly: readonly.enabled,
    cache: cacheSettings(config),
    uploadPurging: {
      enabled: uploadpurging.enabled && !readonly.enabled,
      ageMs: uploadpurging.age,
      intervalMs: uploadpurging.interval,
      dryRun: uploadpurging.dryrun,
    },
  }
}
