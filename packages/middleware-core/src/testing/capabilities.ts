import { randomUUID } from 'node:crypto'
import type { Capabilities } from '../contract/capabilities.ts'
import { isStorageError } from '../contract/errors.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'

/** Capabilities of a driver on a certain server: none of them `varies`. */
export type SettledCapabilities = { readonly [Name in keyof Capabilities]: boolean }

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

/** Markdown table of what drivers declare: a row a capability, a column a driver. */
export function capabilityTable(drivers: readonly StorageDriver[]): string {
  const names = Object.keys(drivers[0]?.capabilities ?? {}) as (keyof Capabilities)[]
  const shown = (driver: StorageDriver, name: keyof Capabilities): string => {
    const declared = driver.capabilities[name]
    return declared === 'varies' ? 'depends on the server' : declared ? 'yes' : 'no'
  }
  return [
    `| capability | ${drivers.map(({ name }) => `\`${name}\``).join(' | ')} |`,
    `|---|${drivers.map(() => '---|').join('')}`,
    ...names.map(name => `| \`${name}\` | ${drivers.map(driver => shown(driver, name)).join(' | ')} |`),
  ].join('\n')
}
