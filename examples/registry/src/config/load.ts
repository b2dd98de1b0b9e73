import { type Config, type Environment, loadConfig } from '@longshore/middleware-core'
import { authSectionOf } from './auth-kinds.ts'

/** Loads a registry's configuration with the environment laid over it. `env` is another one than that of the process. */
export async function loadRegistryConfig(file: string, options: { env?: Environment } = {}): Promise<Config> {
  const env = options.env ?? process.env
  const { REGISTRY_AUTH: given } = env
  if (given === undefined) return loadConfig(file, { env })
  const section = authSectionOf(given)
  const config = await loadConfig(file, { env: { ...env, REGISTRY_AUTH: section } })
  if (section === undefined) config.warn('REGISTRY_AUTH: sets no option of auth; ignored')
  return config
}
