import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { driverFrom } from './base-driver.ts'
import { type OperationTrace, operationChannel } from './diagnostics.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import type { StorageDriver } from '../contract/index.ts'
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

describe('capabilities', () => {
  it('are none unless they are declared, and cannot be changed', () => {
    const { capabilities } = driverFrom('mine', storage({}), { metadata: true })
    expect(capabilities).toMatchObject({ metadata: true, urls: false, putIfAbsent: false })
    expect(Object.isFrozen(capabilities)).toBe(true)
  })

  it.each([true, 'varies'] as const)('that are %p let an option through to the storage', async metadata => {
    const seen: unknown[] = []
    const putContent: DriverImplementation['putContent'] = async (_path, _content, options) => {
      seen.push(options.metadata)
      return {}
    }
    const driver = driverFrom('mine', storage({ putContent }), { metadata })
    await driver.putContent('/a', 'x', { metadata: { contentType: 'text/plain' } })
    expect(seen).toEqual([{ contentType: 'text/plain' }])
  })

  it('decide whether there is a URL, whatever the storage would give', async () => {
    const url = { url: 'https://example.com/a', expiresAt: new Date(0), via: 'mine' }
    const withUrls = storage({ urlFor: async () => url })
    const download = { fileName: 'a.txt' }
    expect(await driverFrom('mine', withUrls).urlFor('/a')).toBeUndefined()
    const plain = driverFrom('mine', withUrls, { urls: true })
    expect(await plain.urlFor('/a')).toBe(url)
    expect(await plain.urlFor('/a', { download })).toBeUndefined()
    expect(await driverFrom('mine', withUrls, { urls: true, downloads: true }).urlFor('/a', { download })).toBe(url)
  })

  it('that a commit needs are checked when it is called, and leave the upload as it is', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    const writer = await driver.writer('/a')
    writer.write('content')
    await expect(writer.commit({ ifAbsent: true })).rejects.toMatchObject({ code: 'UNSUPPORTED', driver: 'mine' })
    await writer.commit()
    expect(Buffer.from(await driver.getContent('/a')).toString()).toBe('content')
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
