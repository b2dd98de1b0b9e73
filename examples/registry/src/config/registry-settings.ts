import { type Config, ConfigError, isConfigError, type ConfigIssue, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { isTagPattern } from '../oci/tag-pattern.ts'
import { type AuthSettings, authSettings } from './auth.ts'
import { type HttpSettings, httpSettings } from './http.ts'
import { type LogSettings, logSettings } from './log.ts'
import { type StorageSettings, storageSettings } from './storage.ts'
import { unsupportedSections } from './unsupported-options.ts'

/** Settings of the registry itself; the sections `storage` and `middleware` make its storage. */
export interface RegistrySettings extends HttpSettings, StorageSettings {
  /** Undefined: everybody may do everything. */
  readonly auth: AuthSettings | undefined
  readonly log: LogSettings
  /** Repositories that one page of the catalog may be asked to hold. */
  readonly maxCatalogEntries: number
  /** Patterns of tags that are set once, and neither moved nor deleted. */
  readonly immutableTags: readonly string[]
}

const catalog = z.object({
  maxentries: z.prefault(option.integer({ min: 1, max: 1_000_000, unit: 'repositories' }), 1000),
})

const tagPattern = { accepted: 'a tag, in which * stands for any characters, such as v*', matches: isTagPattern }
const tags = z.object({ immutable: z.array(option.text(tagPattern), 'accepted: a list of tags').prefault([]) })

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
  const maxCatalogEntries = read(() => config.section(['catalog'], catalog).maxentries)
  const immutableTags = read(() => config.section(['tags'], tags).immutable) ?? []
  if (!http || !storage || !log || maxCatalogEntries === undefined || issues.length > 0) throw new ConfigError(issues)
  return { ...http, ...storage, auth, log, maxCatalogEntries, immutableTags }
}
