import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { type StorageDriver, parseConfig } from '@longshore/middleware-core'
import { registrySettings } from '../src/config.ts'
import { type Entrance, openEntrance } from '../src/entrance.ts'
import type { RegistryOptions } from '../src/registry.ts'
import { type TestRegistry, startRegistry } from './support.ts'

/** A folder for each test of a file. */
export function temporaryFolder(): { file(name: string): string } {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'registry-access-'))
  })
  afterEach(() => rm(directory, { recursive: true }))
  return { file: name => join(directory, name) }
}

/** A registry with the entrance that a configuration describes. */
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
  const entrance: Entrance = await openEntrance(config, settings, warning => warnings.push(warning))
  const registry = await startRegistry({ ...options, ...entrance })
  return {
    ...registry,
    url: entrance.https ? registry.url.replace('http:', 'https:') : registry.url,
    warnings,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      entrance[Symbol.dispose]()
    },
  }
}

/** Asks again and again, until it is so; the runner ends it when it never is. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 20))
}

/** RFC 7617. */
export function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
