import type { Config } from '../../config/config.ts'
import { isStorageSetting } from '../../config/sections.ts'
import type { CliContext } from './cli-context.ts'
import { loadCliModule } from './load-cli-module.ts'

/** Package of the program that runs on a configuration. */
const SERVICE = '@longshore/registry'

/** Module at the entry `./cli` of a service. */
export interface ServiceModule {
  /** Checks a whole configuration as a start of the service does. Throws one `ConfigError` with every mistake. */
  checkConfig(config: Config): Promise<void>
}

/**
 * Reads the sections of a configuration that are the service's with the service's own reader, where it is installed. Gives a
 * sentence on what was read.
 */
export async function readByService(config: Config, context: CliContext): Promise<string> {
  const sections = sectionsOfService(config)
  if (sections.length === 0) return 'configuration is valid'
  const module = await loadCliModule(SERVICE, context)
  if (!isService(module)) {
    return `storage and middleware are valid; not read here, but by the service: ${sections.join(', ')}`
  }
  await module.checkConfig(config)
  return `configuration is valid, also for ${SERVICE}`
}

function sectionsOfService(config: Config): string[] {
  const read = new Set(['version', 'storage', 'middleware'])
  const sections = config.toJSON().sections.filter(name => !read.has(name.toLowerCase()))
  const storage = config.part(['storage'])
  const settings = storage.kind === 'mapping' ? [...storage.entries.keys()].filter(isStorageSetting) : []
  return [...settings.map(name => `storage.${name}`), ...sections]
}

function isService(module: unknown): module is ServiceModule {
  return typeof Object(module).checkConfig === 'function'
}
