import { type Config, ConfigError, isConfigError, type ConfigIssue, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { isTagPattern } from '../oci/tag-pattern.ts'
import { type AuthSettings, authSettings } from './auth.ts'
import { type HealthSettings, healthSettings } from './health.ts'
import { type HttpSettings, httpSettings } from './http.ts'
import { type LogSettings, logSettings } from './log.ts'
import { type StorageSettings, storageSettings } from './storage.ts'
import { unsupportedSections } from './unsupported-options.ts'
import { type ValidationSettings, validationSettings } from './validation.ts'

/** Settings of the registry itself; the sections `storage` and `middleware` make its storage. */
export interface RegistrySettings extends HttpSettings, StorageSettings, ValidationSettings {
  /** Undefined: everybody may do everything. */
  readonly auth: AuthSettings | undefined
  readonly log: LogSettings
  readonly health: HealthSettings
  /** Repositories that one page of the catalog may be asked to hold. */
  readonly maxCatalogEntries: number
  /** Patterns of tags that are set once, and neither moved nor deleted. */
  readonly immutableTags: readonly string[]
  /** Tags that one page of them holds at most. Undefined: all. */
  readonly maxTags: number | undefined
}

/** As in Distribution, which takes it for 0 and less, too. */
const DEFAULT_CATALOG_ENTRIES = 1000

const catalogEntries = option.integer({ min: -1_000_000, max: 1_000_000, unit: 'repositories; 0 and less: 1000' })
const catalog = z.object({ maxentries: z.prefault(catalogEntries, DEFAULT_CATALOG_ENTRIES) })

const tagPattern = { accepted: 'a tag, in which * stands for any characters, such as v*', matches: isTagPattern }
const tags = z.object({
  immutable: z.array(option.text(tagPattern), 'accepted: a list of tags').prefault([]),
  maxtags: z.prefault(option.integer({ min: 0, max: 1_000_000, unit: 'tags; 0: all' }), 0),
})

/** Reads the registry's own sections. Throws one `ConfigError` that lists every mistake in them. */
export function registrySettings(config: Config): RegistrySettings {
  const issues: ConfigIssue[] = []
  const read = <Section>(section: (config: Config) => Section): Section | undefined => {
    try {
      return section(config)
    } catch (error) {
      if (!isConfigError(error)) throw error
      issues.push(...error.issues)
      return undefined
    }
  }
  for (const section of unsupportedSections) read(section)
  const http = read(httpSettings)
  const storage = read(storageSettings)
  const auth = read(authSettings)
  const log = read(logSettings)
  const health = read(healthSettings)
  const validation = read(validationSettings)
  const catalogLimit = read(catalogSettings)
  const tagRules = read(tagSettings)
  const isComplete = http && storage && log && health && validation && catalogLimit && tagRules
  if (!isComplete || issues.length > 0) throw new ConfigError(issues)
  return { ...http, ...storage, auth, log, health, ...validation, ...catalogLimit, ...tagRules }
}

function catalogSettings(config: Config): Pick<RegistrySettings, 'maxCatalogEntries'> {
  const { maxentries } = config.section(['catalog'], catalog)
  return { maxCatalogEntries: maxentries > 0 ? maxentries : DEFAULT_CATALOG_ENTRIES }
}

function tagSettings(config: Config): Pick<RegistrySettings, 'immutableTags' | 'maxTags'> {
  const { immutable, maxtags } = config.section(['tags'], tags)
  return { immutableTags: immutable, maxTags: maxtags || undefined }
}
