import { randomUUID } from 'node:crypto'
import { type Capabilities, noCapabilities } from '../contract/capabilities.ts'
import { isStorageError } from '../contract/errors.ts'
import type { FileWriter } from '../contract/file-writer.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'

/** Capabilities of a driver on a certain server: none of them `varies`. */
export type SettledCapabilities = { readonly [Name in keyof Capabilities]: boolean }

/** Every capability: for the tests of a driver that has all, or all but some. */
export const allCapabilities = Object.freeze(
  Object.fromEntries(Object.keys(noCapabilities).map(name => [name, true])),
) as SettledCapabilities

/**
 * Finds out what a driver can do: what it declares, and for what depends on its server, what comes of trying.
 *
 * @example
 * testDriver({ describe, it }, { name: 'mine', create, capabilities: await findCapabilities(create) })
 */
export async function findCapabilities(
  create: () => StorageDriver | Promise<StorageDriver>,
): Promise<SettledCapabilities> {
  await using driver = await create()
  const settled: Record<string, boolean> = {}
  for (const [name, declared] of Object.entries(driver.capabilities)) {
    settled[name] = declared === 'varies' ? await tries(driver, name as keyof Capabilities) : declared === true
  }
  return settled as SettledCapabilities
}

const trials: Partial<Record<keyof Capabilities, (driver: StorageDriver, path: string) => Promise<unknown>>> = {
  putIfAbsent: (driver, path) => driver.putContent(path, '', { ifAbsent: true }),
  putIfRevision: async (driver, path) => {
    await driver.putContent(path, '')
    const { revision } = await driver.stat(path)
    await driver.putContent(path, '', { ifRevision: revision })
  },
  commitIfAbsent: async (driver, path) => {
    await (await writerWith(driver, path)).commit({ ifAbsent: true })
  },
  commitIfRevision: async (driver, path) => {
    await driver.putContent(path, '')
    const { revision } = await driver.stat(path)
    await (await writerWith(driver, path)).commit({ ifRevision: revision })
  },
  deleteIfRevision: async (driver, path) => {
    await driver.putContent(path, '')
    const { revision } = await driver.stat(path)
    await driver.delete(path, { fileOnly: true, ifRevision: revision })
  },
}

/** False when the driver says that its server cannot do it. What has no trial is taken for possible, and demanded. */
async function tries(driver: StorageDriver, name: keyof Capabilities): Promise<boolean> {
  const path = `/conformance-${randomUUID()}`
  try {
    await trials[name]?.(driver, path)
    return true
  } catch (error) {
    if (isStorageError(error, 'UNSUPPORTED')) return false
    throw error
  } finally {
    await driver.delete(path, { fileOnly: true })
  }
}

async function writerWith(driver: StorageDriver, path: string): Promise<FileWriter> {
  const writer = await driver.writer(`${path}-upload`, { destination: path })
  writer.end('x')
  return writer
}
