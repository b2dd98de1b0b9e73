import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll } from '@jest/globals'
import { type StorageDriver, inmemory } from '@longshore/middleware-core'
import { type RegistryOptions, createRegistry } from '../../src/app.ts'

/** A registry on a free port of this machine. */
export interface TestRegistry extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly storage: StorageDriver
}

/** Several registries can share one storage, as nodes do. Failures that no test expects show as such. */
export async function startRegistry(
  options: RegistryOptions & { storage?: StorageDriver } = {},
): Promise<TestRegistry> {
  const { storage = inmemory(), ...rest } = options
  const app = createRegistry(storage, rest)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    storage,
    async [Symbol.asyncDispose]() {
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

/** One registry for all tests of a file. */
export function sharedRegistry(options: RegistryOptions = {}): Pick<TestRegistry, 'url' | 'port' | 'storage'> {
  const storage = inmemory()
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry({ ...options, storage })
  })
  afterAll(async () => {
    await registry[Symbol.asyncDispose]()
  })
  return {
    storage,
    get url() {
      return registry.url
    },
    get port() {
      return registry.port
    },
  }
}

/** Every file of a storage with its content. */
export async function filesOf(storage: StorageDriver): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for await (const { path, isDirectory } of storage.walk('/')) {
    if (!isDirectory) files.set(path, Buffer.from(await storage.getContent(path)).toString('latin1'))
  }
  return files
}
