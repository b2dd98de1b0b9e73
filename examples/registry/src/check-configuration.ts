import { type Config, createStorage, isConfigError } from '@longshore/middleware-core'
import { IssueCollector } from '@longshore/middleware-core/config'
import { createRegistry } from './app.ts'
import { withLocation } from './config/option-file.ts'
import { type RegistrySettings, registrySettings } from './config/registry-settings.ts'
import { openAccessLayer } from './server/access-layer.ts'
import { programNames } from './start-registry.ts'

/**
 * Checks a configuration whole, as a start reads it: its sections, the files that they name and the storage, which is asked
 * nothing. Throws one `ConfigError` with every mistake.
 */
export async function checkConfiguration(config: Config): Promise<void> {
  const issues = new IssueCollector()
  const settings = await issues.attempt(() => registrySettings(config))
  for (const files of settings ? [{ auth: settings.auth }, { tls: settings.tls }] : []) {
    await issues.attempt(() => openFiles(config, { auth: undefined, tls: undefined, ...files }))
  }
  const storage = await issues.attempt(() => createStorage(config))
  try {
    if (storage && settings) {
      const create = () => createRegistry(storage, { immutableTags: settings.immutableTags })
      const app = await issues.attempt(() => withLocation(config, create, programNames))
      await app?.close()
    }
  } finally {
    await storage?.[Symbol.asyncDispose]()
  }
  issues.throwIfAny()
}

async function openFiles(config: Config, settings: Pick<RegistrySettings, 'auth' | 'tls'>): Promise<void> {
  const files = await openAccessLayer(config, settings, () => {})
  files[Symbol.dispose]()
}

/** Runs a start. When the configuration is wrong, the error tells of every mistake, and not only of the first step's. */
export async function withEveryMistake<Result>(config: Config, start: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await start()
  } catch (error) {
    if (isConfigError(error)) await checkConfiguration(config)
    throw error
  }
}
