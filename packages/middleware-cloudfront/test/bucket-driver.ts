import { type StorageDriver, StorageError, defineDriver } from '@longshore/middleware-core'
import { z } from 'zod'

/** A driver that knows where its objects are, and signs URLs of its own kind, but stores nothing. */
export function bucketDriver(rootDirectory = ''): StorageDriver {
  return define(path => rootDirectory + path.slice(1))
}

/** The same without keys of its own. */
export function keylessDriver(): StorageDriver {
  const driver = define(path => path.slice(1))
  return Object.assign(Object.create(driver) as StorageDriver, {
    keyFor: undefined,
    capabilities: driver.capabilities,
    urlFor: driver.urlFor.bind(driver),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  })
}

function define(keyFor: (path: string) => string): StorageDriver {
  return defineDriver({
    name: 'bucket',
    options: z.object({}),
    capabilities: { urls: true, downloads: true },
    create: () => ({
      getContent: refuse,
      putContent: refuse,
      reader: refuse,
      writer: refuse,
      stat: refuse,
      list: refuse,
      move: refuse,
      delete: refuse,
      purgeUploads: refuse,
      keyFor,
      urlFor: async path => ({ url: `https://bucket.test/${keyFor(path)}`, expiresAt: new Date(0), via: 'bucket' }),
    }),
  })({})
}

const refuse = (): Promise<never> => Promise.reject(new StorageError('UNSUPPORTED', 'this bucket stores nothing'))
