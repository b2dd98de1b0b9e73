import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { driverFrom } from './base-driver.ts'
import { defineDriver } from './define-driver.ts'
import { type OperationTrace, operationChannel } from './diagnostics.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { StorageError, pathNotFound } from '../contract/errors.ts'

/** The in-memory storage with some methods of its own. */
function storage(changes: Partial<DriverImplementation>): DriverImplementation {
  return Object.assign(new InMemoryDriver(), changes)
}

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

describe('a factory', () => {
  const seen: unknown[] = []
  const mine = defineDriver({
    name: 'mine',
    options: z.object({ rootDirectory: z.string().default('/var') }),
    create: options => {
      seen.push(options)
      return new InMemoryDriver()
    },
  })

  it('tells what it makes', () => {
    expect(mine.kind).toBe('driver')
    expect(mine.definition.name).toBe('mine')
    expect(Object.keys(mine.definition.options._zod.def.shape)).toEqual(['rootDirectory'])
  })

  it('checks its options and fills in their defaults', () => {
    expect(mine({}).name).toBe('mine')
    mine({ rootDirectory: '/srv' })
    expect(seen).toEqual([{ rootDirectory: '/var' }, { rootDirectory: '/srv' }])
    expect(() => mine({ root: '/srv' } as never)).toThrow('mine options.root: unknown option')
  })
})

describe('errors', () => {
  it('become StorageErrors that name driver and path, with their cause', async () => {
    const cause = new Error('socket hang up')
    const driver = driverFrom('mine', storage({ getContent: () => Promise.reject(cause) }))
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
    const driver = driverFrom('mine', storage({ delete: () => Promise.reject(error) }))
    await expect(driver.delete('/file')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5, path: '/other' })
  })

  it('are those of an abort once the signal has fired, whatever the storage threw', async () => {
    const controller = new AbortController()
    const reason = new Error('too slow')
    const stat = async (): Promise<never> => {
      controller.abort(reason)
      throw new Error('request aborted')
    }
    const driver = driverFrom('mine', storage({ stat }))
    await expect(driver.stat('/file', { signal: controller.signal })).rejects.toBe(reason)
  })

  it('of keyFor name the driver', () => {
    expect(() => driverFrom('mine', storage({})).keyFor?.('file')).toThrow('mine: invalid path: "file"')
  })

  it('of a walk come from its iteration', async () => {
    const walk = driverFrom('mine', storage({ walk: brokenWalk })).walk('/directory')
    const next = walk[Symbol.asyncIterator]().next()
    await expect(next).rejects.toMatchObject({ code: 'UNKNOWN', driver: 'mine', path: '/directory' })
  })
})

describe('a stream', () => {
  it('breaks with an error that names driver and path', async () => {
    const stream = await driverFrom('mine', storage({ reader: brokenReader })).reader('/file')
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
    const reading = driverFrom('mine', storage({ reader })).reader('/file', { signal: controller.signal })
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
    const writing = driverFrom('mine', storage({ writer: upload })).writer('/file', { signal: controller.signal })
    await expect(writing).rejects.toBe('enough')
    expect(released).toBe(1)
  })
})

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
    await driverFrom('mine', storage({ writer: upload })).writer('/file', { destination })
    expect(seen).toEqual([told])
  })
})

describe('what an implementation may leave out', () => {
  const lists: DriverImplementation = storage({
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
      storage({ stat: path => Promise.reject(pathNotFound(path)), list: async () => [] }),
    )
    expect(await driver.stat('/')).toEqual({ path: '/', size: 0, modifiedAt: new Date(0), isDirectory: true })
    expect(await driver.list('/')).toEqual([])
    await expect(driver.list('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND', path: '/a' })
  })
})

describe('disposal', () => {
  it('closes the implementation once', async () => {
    let closed = 0
    const driver = driverFrom('mine', storage({ close: () => void (closed += 1) }))
    await Promise.all([driver[Symbol.asyncDispose](), driver[Symbol.asyncDispose]()])
    await driver[Symbol.asyncDispose]()
    expect(closed).toBe(1)
  })

  it('tells of what goes wrong, and closes the driver all the same', async () => {
    const driver = driverFrom('mine', storage({ close: () => Promise.reject(new Error('stuck')) }))
    await expect(driver[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'UNKNOWN', driver: 'mine' })
    await expect(driver.list('/')).rejects.toMatchObject({ code: 'DISPOSED' })
  })
})

describe('the diagnostics channel', () => {
  const traces: [string, OperationTrace][] = []
  const subscribers = {
    start: (trace: unknown) => traces.push(['start', trace as OperationTrace]),
    end: () => {},
    asyncStart: () => {},
    asyncEnd: (trace: unknown) => traces.push(['asyncEnd', trace as OperationTrace]),
    error: (trace: unknown) => traces.push(['error', trace as OperationTrace]),
  }

  afterEach(() => {
    operationChannel.unsubscribe(subscribers)
    traces.length = 0
  })

  it('announces calls and how they end', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    operationChannel.subscribe(subscribers)
    await driver.putContent('/file', 'content')
    expect(traces.map(([event, { operation }]) => `${event} ${operation}`)).toEqual([
      'start putContent',
      'asyncEnd putContent',
    ])
    expect(traces[0]?.[1]).toMatchObject({ driver: 'mine', operation: 'putContent', path: '/file' })
    traces.length = 0
    await expect(driver.getContent('/missing')).rejects.toThrow()
    expect(traces.map(([event]) => event)).toEqual(['start', 'error', 'asyncEnd'])
    expect(traces[1]?.[1].error).toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('has the error that the caller gets', async () => {
    const broken = storage({
      getContent: () => Promise.reject(new Error('ENOENT')),
      mapError: () => pathNotFound('/file'),
    })
    const driver = driverFrom('mine', broken)
    operationChannel.subscribe(subscribers)
    await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(traces.at(-1)?.[1].error).toMatchObject({ code: 'PATH_NOT_FOUND', driver: 'mine', path: '/file' })
  })

  it('announces what becomes of a writer', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    operationChannel.subscribe(subscribers)
    const writer = await driver.writer('/file')
    await writer.close()
    await writer.commit()
    const started = traces.filter(([event]) => event === 'start').map(([, { operation }]) => operation)
    expect(started).toEqual(['writer', 'close', 'commit'])
  })
})
