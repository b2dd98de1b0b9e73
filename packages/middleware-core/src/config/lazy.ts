import type { Config } from './config.ts'
import type { Environment } from './environment.ts'
import type { ResolveOptions } from './create-storage.ts'
import type { StorageDriver } from '../contract/index.ts'

/*
 * The code that reads a configuration, YAML's parser first of all, is loaded by the first call: a program that puts its
 * stack together by hand starts without it.
 */

/** Reads a configuration file. `env` is the environment to lay over it; default: that of the process. */
export async function loadConfig(file: string, options: { env?: Environment } = {}): Promise<Config> {
  const config = await import('./index.ts')
  return config.loadConfig(file, options)
}

/**
 * Creates the running stack of a configuration: its driver, inside the middlewares that are not disabled, the first of which is
 * innermost. No driver is created before all options are checked. One `ConfigError` lists every mistake with its place, also
 * those that only show when something is created, such as a key file that is absent. The caller disposes of the
 * result.
 */
export async function createStorage(config: Config, options: ResolveOptions = {}): Promise<StorageDriver> {
  const { createStorage: create } = await import('./index.ts')
  return create(config, options)
}
