import { type Config, loadConfig } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { isStorageSetting } from '../../config/sections.ts'
import type { CliContext } from './cli-context.ts'
import { loadCliModule } from './load-cli-module.ts'

/** Package of the program that runs on a configuration. */
const SERVICE = '@longshore/registry'

/** Module at the entry `./cli` of a service. */
export interface ServiceModule {
  /** Loads a configuration as a start of the service does. */
  loadConfig(file: string, options: { env: Environment }): Promise<Config>
  /** Checks a whole configuration as a start of the service does. Throws one `ConfigError` with every mistake. */
  checkConfig(config: Config): Promise<void>
}

/** Configuration, and the reader of the sections that are not the stack's. */
export interface ReadConfig {
  readonly config: Config
  /**
   * Reads the sections of the service with its own reader, where it is installed. Gives a sentence on what was read; throws one
   * `ConfigError` with every mistake.
   */
  checkSections(): Promise<string>
}

/** Loads a configuration file as the service does that runs on it, where that is installed. */
export async function readConfig(file: string, context: CliContext): Promise<ReadConfig> {
  const { env } = context
  const module = await loadCliModule<ServiceModule>(SERVICE, context)
  const service = isService(module) ? module : undefined
  const config = await (service ?? { loadConfig }).loadConfig(file, { env })
  return { config, checkSections: () => checkSections(config, service) }
}

async function checkSections(config: Config, service: ServiceModule | undefined): Promise<string> {
  const sections = sectionsOfService(config)
  if (sections.length === 0) return 'configuration is valid'
  if (!service) return `storage and middleware are valid; not read here, but by the service: ${sections.join(', ')}`
  await service.checkConfig(config)
  return `configuration is valid, as ${SERVICE} reads it`
}

function sectionsOfService(config: Config): string[] {
  const read = new Set(['version', 'storage', 'middleware'])
  const sections = config.toJSON().sections.filter(name => !read.has(name.toLowerCase()))
  const storage = config.part(['storage'])
  const settings = storage.kind === 'mapping' ? [...storage.entries.keys()].filter(isStorageSetting) : []
  return [...settings.map(name => `storage.${name}`), ...sections]
}

function isService(module: Partial<ServiceModule>): module is ServiceModule {
  return typeof module.loadConfig === 'function' && typeof module.checkConfig === 'function'
}
