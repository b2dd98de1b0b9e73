import { describe, expect, it } from '@jest/globals'
import { Readable } from 'node:stream'
import { driverFrom } from './base-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import type { StorageDriver } from '../contract/index.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'

/** Metadata, a condition or a URL that a driver without capabilities refuses. */
type Refusable = { metadata?: object; ifRevision?: string; ifAbsent?: boolean }

/** Calls with a path and an option that breaks a rule of the arguments; some also with one that needs a capability. */
const calls: {
  name: string
  call: (driver: StorageDriver, path: string, options: object) => Promise<unknown>
  wrong?: object
  unsupported?: Refusable
  isUnsupported?: true
}[] = [
  { name: 'getContent', call: (driver, path, options) => driver.getContent(path, options) },
  {
    name: 'putContent',
    call: (driver, path, options) => driver.putContent(path, 'x', options),
    wrong: { ifAbsent: true, ifRevision: '1' },
    unsupported: { metadata: {}, ifAbsent: true },
  },
  {
    name: 'putStream',
    call: (driver, path, options) => driver.putStream(path, Readable.from([]), options),
    wrong: { metadata: { contentType: 'no type' } },
    unsupported: { metadata: {}, ifRevision: '1' },
  },
  {
    name: 'reader',
    call: (driver, path, options) => driver.reader(path, options),
    wrong: { offset: -1 },
    unsupported: { ifRevision: '1' },
  },
  {
    name: 'writer',
    call: (driver, path, options) => driver.writer(path, options),
    wrong: { append: true, metadata: {} },
    unsupported: { metadata: {} },
  },
  { name: 'stat', call: (driver, path, options) => driver.stat(path, options) },
  { name: 'list', call: (driver, path, options) => driver.list(path, options) },
  { name: 'walk', call: (driver, path, options) => driver.walk(path, options)[Symbol.asyncIterator]().next() },
  {
    name: 'move',
    call: (driver, path, options) => driver.move(path, '/b', options),
    wrong: { size: -1 },
    unsupported: { ifRevision: '1' },
  },
  {
    name: 'delete',
    call: (driver, path, options) => driver.delete(path, options),
    wrong: { ifRevision: '1' },
    unsupported: { ifRevision: '1' },
  },
  { name: 'urlFor', call: (driver, path, options) => driver.urlFor(path, options), wrong: { expiresIn: 0 } },
  {
    name: 'uploadUrlFor',
    call: (driver, path, options) => driver.uploadUrlFor(path, { size: 1, ...options }),
    wrong: { size: -1 },
    unsupported: { metadata: {}, ifAbsent: true },
    isUnsupported: true,
  },
  {
    name: 'uploadFormFor',
    call: (driver, path, options) => driver.uploadFormFor(path, { size: { max: 1 }, ...options }),
    wrong: { size: { max: -1 } },
    unsupported: { metadata: {} },
    isUnsupported: true,
  },
  {
    name: 'directUpload',
    call: (driver, path, options) => driver.directUpload(path, { size: 1, ...options }),
    wrong: { size: 0 },
    unsupported: { metadata: {} },
    isUnsupported: true,
  },
  {
    name: 'purgeUploads',
    call: (driver, path, options) => driver.purgeUploads({ olderThan: new Date(), path, ...options }),
    wrong: { olderThan: new Date(NaN) },
  },
]

describe('checks come before the storage is reached, in the order of the contract:', () => {
  /** A storage that no call may reach. */
  const unreachable = (): DriverImplementation => {
    const reach = (): Promise<never> => Promise.reject(new Error('reached the storage'))
    const methods = Object.getOwnPropertyNames(InMemoryDriver.prototype).filter(name => name !== 'constructor')
    const walk = async function* (): AsyncIterable<never> {
      yield* []
      await reach()
    }
    return { ...Object.fromEntries(methods.map(name => [name, reach])), walk } as unknown as DriverImplementation
  }
  const driver = driverFrom('mine', unreachable())
  const signal = AbortSignal.abort(new Error('too slow'))
  const illegal = '/a/../b'

  it.each(calls)('$name of a disposed driver is DISPOSED', async ({ call, wrong }) => {
    const disposed = driverFrom('mine', unreachable())
    await disposed[Symbol.asyncDispose]()
    await expect(call(disposed, illegal, { signal, ...wrong })).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  it.each(calls)('$name with an aborted signal gives its reason', async ({ call, wrong }) => {
    await expect(call(driver, illegal, { signal, ...wrong })).rejects.toBe(signal.reason)
  })

  it.each(calls.filter(({ wrong }) => wrong))('$name with a wrong argument is INVALID_ARGUMENT', async call => {
    const options = { ...call.unsupported, ...call.wrong }
    await expect(call.call(driver, illegal, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      driver: 'mine',
    })
  })

  it.each(calls)('$name of an illegal path is INVALID_PATH', async ({ call, unsupported }) => {
    await expect(call(driver, illegal, { fileOnly: true, ...unsupported })).rejects.toMatchObject({
      code: 'INVALID_PATH',
      driver: 'mine',
    })
  })

  it.each(calls.filter(({ unsupported, isUnsupported }) => unsupported ?? isUnsupported))(
    '$name without the capability is UNSUPPORTED',
    async ({ call, unsupported, isUnsupported }) => {
      const path = '/a'
      for (const [name, value] of Object.entries(unsupported ?? {})) {
        const options = { fileOnly: true, [name]: value }
        await expect(call(driver, path, options)).rejects.toMatchObject({ code: 'UNSUPPORTED', path })
      }
      if (isUnsupported) await expect(call(driver, path, {})).rejects.toMatchObject({ code: 'UNSUPPORTED', path })
    },
  )

  it.each(calls)('$name of a legal path without them reaches the storage', async ({ call, isUnsupported, name }) => {
    if (isUnsupported || name === 'urlFor') return
    await expect(call(driver, '/a', {})).rejects.toMatchObject({ code: 'UNKNOWN', detail: 'reached the storage' })
  })
})
