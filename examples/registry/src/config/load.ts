import { type Config, type Environment, loadConfig } from '@longshore/middleware-core'

/** Loads a registry's configuration with the environment laid over it. `env` is another one than that of the process. */
export function loadRegistryConfig(file: string, options: { env?: Environment } = {}): Promise<Config> {
  return loadConfig(file, { env: withAuthOpened(options.env ?? process.env) })
}

/**
 * `REGISTRY_AUTH=htpasswd` chooses, as `REGISTRY_STORAGE=s3` does. `REGISTRY_AUTH_HTPASSWD_PATH` would find no room in a
 * text, so it becomes the section that it stands for.
 */
function withAuthOpened(env: Environment): Environment {
  const name = env['REGISTRY_AUTH']?.trim() ?? ''
  return /^\w+$/.test(name) ? { ...env, REGISTRY_AUTH: `{${name}: {}}` } : env
}
