import { describe, expect, it } from '@jest/globals'
import { inMemoryWith } from '../../test/in-memory-with.ts'
import { driverFrom } from './base-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { pathNotFound } from '../contract/errors.ts'

describe('a destination', () => {
  it.each([
    ['/file', { append: false }],
    ['/other', { append: false, destination: '/other' }],
  ])('of %s is told as %j to an upload to /file', async (destination, told) => {
    const seen: unknown[] = []
    const whole = new InMemoryDriver()
    const upload: DriverImplementation['writer'] = (path, { signal, ...options }) => {
      seen.push(options)
      return whole.writer(path, { signal, ...options })
    }
    await driverFrom('mine', inMemoryWith({ writer: upload })).writer('/file', { destination })
    expect(seen).toEqual([told])
  })
})

describe('what an implementation may leave out', () => {
  const lists: DriverImplementation = inMemoryWith({
    stat: async path => ({ path, size: 1, modifiedAt: new Date(0), isDirectory: !path.includes('file') }),
    list: async path => (path === '/' ? ['/b', '/file', '/a'] : [`${path}/file`]),
  })
  Object.assign(lists, { walk: undefined })

  it('walks by listing', async () => {
    const found: string[] = []
    for await (const { path } of driverFrom('mine', lists).walk('/')) found.push(path)
    expect(found).toEqual(['/a', '/a/file', '/b', '/b/file', '/file'])
  })

  it('sorts its lists', async () => {
    expect(await driverFrom('mine', lists).list('/')).toEqual(['/a', '/b', '/file'])
  })

  it('has no URLs, and the path as its key', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    expect(await driver.urlFor('/a/b')).toBeUndefined()
    expect(driver.keyFor?.('/a/b')).toBe('a/b')
  })

  it('says that an empty root is a directory', async () => {
    const driver = driverFrom(
      'mine',
      inMemoryWith({ stat: path => Promise.reject(pathNotFound(path)), list: async () => [] }),
    )
    expect(await driver.stat('/')).toEqual({ path: '/', size: 0, modifiedAt: new Date(0), isDirectory: true })
    expect(await driver.list('/')).toEqual([])
    await expect(driver.list('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND', path: '/a' })
  })
})

describe('disposal', () => {
  it('closes the implementation once', async () => {
    let closed = 0
    const driver = driverFrom('mine', inMemoryWith({ close: () => void (closed += 1) }))
    await Promise.all([driver[Symbol.asyncDispose](), driver[Symbol.asyncDispose]()])
    await driver[Symbol.asyncDispose]()
    expect(closed).toBe(1)
  })

  it('tells of what goes wrong, and closes the driver all the same', async () => {
    const driver = driverFrom('mine', inMemoryWith({ close: () => Promise.reject(new Error('stuck')) }))
    await expect(driver[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'UNKNOWN', driver: 'mine' })
    await expect(driver.list('/')).rejects.toMatchObject({ code: 'DISPOSED' })
  })
})
