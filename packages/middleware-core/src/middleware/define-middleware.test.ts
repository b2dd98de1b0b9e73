import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import * as option from '../options/option.ts'
import type { CallOptions, FileWriter, StorageDriver, WriteOptions } from '../contract/index.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { type Middleware, compose } from './compose.ts'
import { defineMiddleware } from './define-middleware.ts'
import { ForwardingDriver } from './forwarding-driver.ts'

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
    const storage = compose(inmemory(), mark('first'), mark('second'), mark('third'))
    expect(storage.keyFor?.('/a/b')).toBe('a/b>first>second>third')
  })

  it('gives the driver itself when there is no middleware', () => {
    const driver = inmemory()
    expect(compose(driver)).toBe(driver)
  })

  it('disposes of the driver through the whole stack', async () => {
    const driver = inmemory()
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
    const driver = inmemory()
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

describe('defineMiddleware', () => {
  const label = defineMiddleware({
    name: 'label',
    options: z.object({ text: z._default(option.text(), 'none') }),
    wrap: (driver, { text }) => mark(text)(driver),
  })

  it('checks the options before there is a driver, and fills in defaults', () => {
    expect(label({})(inmemory()).keyFor?.('/a')).toBe('a>none')
    expect(label({ text: 'given' })(inmemory()).keyFor?.('/a')).toBe('a>given')
    expect(() => label({ text: 1 as unknown as string })).toThrow('label options.text: found 1; accepted: a text')
  })

  it('tells what it is to those who find it by name', () => {
    expect(label.kind).toBe('middleware')
    expect(label.definition.name).toBe('label')
    expect(Object.keys(label.definition.options._zod.def.shape)).toEqual(['text'])
  })

  it('makes middlewares that can wrap several drivers', () => {
    const middleware = label({ text: 'shared' })
    expect(middleware(inmemory())).not.toBe(middleware(inmemory()))
  })
})
