import type { StorageDriver } from '@longshore/middleware-core'
import { parseConfig } from '@longshore/middleware-core/config'
import { registrySettings } from '../../src/config/registry-settings.ts'
import { type AccessLayer, openAccessLayer } from '../../src/server/access-layer.ts'
import type { RegistryOptions } from '../../src/app.ts'
import { type TestRegistry, startRegistry } from './registry.ts'

/** A registry with the accessLayer that a configuration describes. */
export interface GuardedRegistry extends TestRegistry {
  /** What its owner was warned of after the start. */
  readonly warnings: readonly string[]
}

/** Starts a registry as a `config.yml` with these sections would. Default: on a storage of its own. */
export async function startGuarded(
  sections: string,
  options: RegistryOptions & { storage?: StorageDriver } = {},
): Promise<GuardedRegistry> {
  const config = parseConfig(`storage: inmemory\n${sections}`, { file: 'config.yml' })
  const settings = registrySettings(config)
  const warnings: string[] = []
  const accessLayer: AccessLayer = await openAccessLayer(config, settings, warning => warnings.push(warning))
  const registry = await startRegistry({ ...options, ...accessLayer })
  return {
    ...registry,
    url: accessLayer.https ? registry.url.replace('http:', 'https:') : registry.url,
    warnings,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      accessLayer[Symbol.dispose]()
    },
  }
}
