import { describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { inMemoryWith } from '../../test/in-memory-with.ts'
import { driverFrom } from './base-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { StorageError } from '../contract/errors.ts'

async function* brokenWalk(): AsyncIterable<never> {
  yield* []
  throw new Error('socket hang up')
}

async function brokenReader(): Promise<Readable> {
  return new Readable({
    read() {
      this.destroy(new Error('socket hang up'))
    },
  })
}

describe('errors', () => {
  it('become StorageErrors that name driver and path, with their cause', async () => {
    const cause = new Error('socket hang up')
    const driver = driverFrom('mine', inMemoryWith({ getContent: () => Promise.reject(cause) }))
    await expect(driver.getContent('/file')).rejects.toMatchObject({
      name: 'StorageError',
      code: 'UNKNOWN',
      message: 'mine: socket hang up',
      path: '/file',
      cause,
    })
  })

  it('keep what the driver said of them', async () => {
    const error = new StorageError('UNAVAILABLE', 'slow down', { retryAfter: 5, path: '/other' })
    const driver = driverFrom('mine', inMemoryWith({ delete: () => Promise.reject(error) }))
    await expect(driver.delete('/file')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5, path: '/other' })
  })

  it('are those of an abort once the signal has fired, whatever the storage threw', async () => {
    const controller = new AbortController()
    const reason = new Error('too slow')
    const stat = async (): Promise<never> => {
      controller.abort(reason)
      throw new Error('request aborted')
    }
    const driver = driverFrom('mine', inMemoryWith({ stat }))
    await expect(driver.stat('/file', { signal: controller.signal })).rejects.toBe(reason)
  })

  it('of keyFor name the driver', () => {
    expect(() => driverFrom('mine', inMemoryWith({})).keyFor?.('file')).toThrow('mine: invalid path: "file"')
  })

  it('of a walk come from its iteration', async () => {
    const walk = driverFrom('mine', inMemoryWith({ walk: brokenWalk })).walk('/directory')
    const next = walk[Symbol.asyncIterator]().next()
    await expect(next).rejects.toMatchObject({ code: 'UNKNOWN', driver: 'mine', path: '/directory' })
  })
})

describe('a stream', () => {
  it('breaks with an error that names driver and path', async () => {
    const stream = await driverFrom('mine', inMemoryWith({ reader: brokenReader })).reader('/file')
    const broken = once(stream, 'error')
    stream.resume()
    expect((await broken)[0]).toMatchObject({ code: 'UNKNOWN', message: 'mine: socket hang up', path: '/file' })
  })

  it('ends without an error when it is destroyed without one', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    await driver.putContent('/file', 'content')
    const stream = await driver.reader('/file')
    stream.destroy()
    await once(stream, 'close')
    expect(stream.errored).toBeNull()
  })

  it('that comes after the abort is not given away', async () => {
    const controller = new AbortController()
    const stream = Readable.from(['content'])
    const reader = async (): Promise<Readable> => {
      controller.abort('enough')
      return stream
    }
    const reading = driverFrom('mine', inMemoryWith({ reader })).reader('/file', { signal: controller.signal })
    await expect(reading).rejects.toBe('enough')
    expect(stream.destroyed).toBe(true)
  })
})

describe('an upload', () => {
  it('that comes after the abort is released', async () => {
    const controller = new AbortController()
    const whole = new InMemoryDriver()
    let released = 0
    const upload: DriverImplementation['writer'] = async (path, options) => {
      const begun = await whole.writer(path, options)
      controller.abort('enough')
      return Object.assign(begun, { release: () => (released += 1) })
    }
    const writing = driverFrom('mine', inMemoryWith({ writer: upload })).writer('/file', { signal: controller.signal })
    await expect(writing).rejects.toBe('enough')
    expect(released).toBe(1)
  })
})
