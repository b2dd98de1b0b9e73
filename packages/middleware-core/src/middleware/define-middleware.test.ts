import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import * as option from '../options/option.ts'
import type { CallOptions, FileWriter, StorageDriver, WriteOptions } from '../contract/index.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { type Middleware, compose } from './compose.ts'
import { defineMiddleware } from './define-middleware.ts'
import { ForwardingDriver } from './forwarding-driver.ts'

type Method = Exclude<keyof StorageDriver, 'name' | 'capabilities'>

/** Arguments to call each method of the contract with. A method that is missing here does not pass the type check. */
const argumentsOf: { [M in Method]-?: Parameters<NonNullable<StorageDriver[M]>> } = {
  getContent: ['/a', {}],
  putContent: ['/a', 'x', {}],
  putStream: ['/a', Readable.from([]), {}],
  reader: ['/a', { offset: 1 }],
  writer: ['/a', { append: true, destination: '/b' }],
  stat: ['/a', { fileOnly: true }],
  list: ['/a', {}],
  walk: ['/a', { startAfter: '/a/b' }],
  move: ['/a', '/b', { size: 1 }],
  delete: ['/a', { fileOnly: true }],
  urlFor: ['/a', { method: 'HEAD' }],
  uploadUrlFor: ['/a', { size: 1 }],
  uploadFormFor: ['/a', { size: { max: 1 } }],
  directUpload: ['/a', { size: 1 }],
  keyFor: ['/a'],
  purgeUploads: [{ olderThan: new Date(0), path: '/a' }],
  [Symbol.asyncDispose]: [],
}
const methods = Reflect.ownKeys(argumentsOf) as Method[]

/** Appends its mark to every key, so that the order of middlewares shows. */
const mark = (name: string): Middleware => {
  return driver =>
    new (class extends ForwardingDriver {
      override keyFor(path: string): string {
        return `${super.keyFor(path)}>${name}`
      }
    })(driver)
}

describe('compose', () => {
  it('puts the first middleware innermost', () => {
    const storage = compose(inmemory({}), mark('first'), mark('second'), mark('third'))
    expect(storage.keyFor?.('/a/b')).toBe('a/b>first>second>third')
  })

  it('gives the driver itself when there is no middleware', () => {
    const driver = inmemory({})
    expect(compose(driver)).toBe(driver)
  })

  it('disposes of the driver through the whole stack', async () => {
    const driver = inmemory({})
    await compose(driver, mark('first'), mark('second'))[Symbol.asyncDispose]()
    await expect(driver.list('/')).rejects.toMatchObject({ code: 'DISPOSED' })
  })
})

/** Keeps everything below a directory. Only what the test calls is mapped. */
class Below extends ForwardingDriver {
  readonly #directory: string

  constructor(inner: StorageDriver, directory: string) {
    super(inner)
    this.#directory = directory
  }

  override getContent(path: string, options?: CallOptions): Promise<Uint8Array> {
    return super.getContent(this.#directory + path, options)
  }

  override writer(path: string, { destination = path, ...options }: WriteOptions = {}): Promise<FileWriter> {
    return super.writer(this.#directory + path, { ...options, destination: this.#directory + destination })
  }
}

describe('a middleware that maps paths', () => {
  it('maps where an upload is left, and where its commit puts the file', async () => {
    const driver = inmemory({})
    const storage = new Below(driver, '/tenant')
    const started = await storage.writer('/uploads/1')
    await started.close()
    const continued = await storage.writer('/uploads/1', { append: true, destination: '/files/a' })
    continued.write('content')
    await continued.commit()
    expect(Buffer.from(await storage.getContent('/files/a')).toString()).toBe('content')
    expect(await driver.list('/')).toEqual(['/tenant'])
    expect(await driver.list('/tenant')).toEqual(['/tenant/files'])
  })
})

describe('ForwardingDriver', () => {
  it.each(methods)('forwards %p with its arguments and gives back what comes', method => {
    const result = {}
    const calls: unknown[] = []
    const inner: object = { name: 'inner', [method]: (...given: unknown[]) => (calls.push(given), result) }
    const outer = new ForwardingDriver(inner as StorageDriver)
    const forwarded = outer[method].bind(outer) as (...given: unknown[]) => unknown
    expect(forwarded(...argumentsOf[method])).toBe(result)
    expect(calls).toEqual([argumentsOf[method]])
  })

  it('has the name and the capabilities of the driver it wraps', () => {
    const inner = inmemory({})
    expect(new ForwardingDriver(inner).name).toBe('inmemory')
    expect(new ForwardingDriver(inner).capabilities).toBe(inner.capabilities)
  })

  it('takes the path for the key where the wrapped driver knows no keys', () => {
    expect(new ForwardingDriver({ name: 'keyless' } as never).keyFor('/a/b')).toBe('a/b')
  })
})

describe('defineMiddleware', () => {
  const label = defineMiddleware({
    name: 'label',
    options: z.object({ text: z._default(option.text(), 'none') }),
    wrap: (driver, { text }) => mark(text)(driver),
  })

  it('checks the options before there is a driver, and fills in defaults', () => {
    expect(label({})(inmemory({})).keyFor?.('/a')).toBe('a>none')
    expect(label({ text: 'given' })(inmemory({})).keyFor?.('/a')).toBe('a>given')
    expect(() => label({ text: 1 as unknown as string })).toThrow('label options.text: found 1; accepted: a text')
  })

  it('tells what it is to those who find it by name', () => {
    expect(label.kind).toBe('middleware')
    expect(label.definition.name).toBe('label')
    expect(Object.keys(label.definition.options._zod.def.shape)).toEqual(['text'])
  })

  it('makes middlewares that can wrap several drivers', () => {
    const middleware = label({ text: 'shared' })
    expect(middleware(inmemory({}))).not.toBe(middleware(inmemory({})))
  })
})
