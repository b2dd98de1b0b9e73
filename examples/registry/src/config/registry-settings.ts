import { type Config, ConfigError, type ConfigIssue } from '@longshore/middleware-core'
import { type AuthSettings, authSettings } from './auth.ts'
import { maxCatalogEntries } from './catalog.ts'
import { type HttpSettings, httpSettings } from './http.ts'
import { type LogSettings, logSettings } from './log.ts'
import { unsupportedSections } from './not-here.ts'
import { type StorageSettings, storageSettings } from './storage.ts'

/** What the registry itself takes from a configuration; `storage` and `middleware` make its storage. */
export interface RegistrySettings extends HttpSettings, StorageSettings {
  /** Undefined: everybody is let in. */
  readonly auth: AuthSettings | undefined
  readonly log: LogSettings
  /** The most repositories that one page of the list of them may be asked to hold. */
  readonly maxCatalogEntries: number
}

/** Reads the registry's own sections. Throws one `ConfigError` that lists every mistake in them. */
export function registrySettings(config: Config): RegistrySettings {
  const readers = [...unsupportedSections, httpSettings, storageSettings, authSettings, logSettings, maxCatalogEntries]
  const issues = readers.flatMap(read => issuesOf(() => read(config)))
  if (issues.length > 0) throw new ConfigError(issues)
  return {
    ...httpSettings(config),
    ...storageSettings(config),
    auth: authSettings(config),
    log: logSettings(config),
    maxCatalogEntries: maxCatalogEntries(config),
  }
}

function issuesOf(read: () => unknown): readonly ConfigIssue[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
}
