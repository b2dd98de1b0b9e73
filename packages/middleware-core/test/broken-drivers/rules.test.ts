import { describe } from '@jest/globals'
import type { SignedUrl } from '../../src/contract/index.ts'
import { StorageError, isStorageError, pathNotFound } from '../../src/contract/errors.ts'
import { type Defect, itCatches } from './broken-driver.ts'

const signed = (url: string, seconds = 60): SignedUrl => ({
  url,
  expiresAt: new Date(Date.now() + seconds * 1000),
  via: 'test',
})

const defects: Defect[] = [
  {
    name: 'goes up to the parent directory',
    caughtBy: 'paths > stat refuses illegal paths',
    driver: driver => ({ stat: (path, options) => driver.stat(path.endsWith('/..') ? '/' : path, options) }),
  },
  {
    name: 'accepts a slash at the end',
    caughtBy: 'paths > getContent refuses illegal paths',
    driver: driver => ({ getContent: (path, options) => driver.getContent(path.replace(/\/$/, ''), options) }),
  },
  {
    name: 'does not tell upper from lower case',
    caughtBy: 'paths > upper and lower case are different',
    driver: driver => ({
      putContent: (path, content, options) => driver.putContent(path.toLowerCase(), content, options),
    }),
  },
  {
    name: 'deletes the root',
    caughtBy: 'paths > delete refuses illegal paths',
    driver: driver => ({
      delete: async (path, options) => {
        if (path === '/') for (const child of await driver.list(path, options)) await driver.delete(child, options)
        else await driver.delete(path, options)
      },
    }),
  },
  {
    name: 'throws what its storage threw',
    caughtBy: 'errors > getContent says that nothing is there, and where',
    driver: driver => ({
      getContent: (path, options) =>
        driver.getContent(path, options).catch((error: unknown) => {
          throw isStorageError(error, 'PATH_NOT_FOUND') ? new Error('ENOENT') : error
        }),
    }),
  },
  {
    name: 'does not say what is wrong',
    caughtBy: 'errors > stat says that nothing is there, and where',
    storage: storage => ({
      stat: async (path, options) => {
        const info = await storage.stat(path, options)
        if (!info) throw new StorageError('UNKNOWN', '404')
        return info
      },
    }),
  },
  {
    name: 'does not say where',
    caughtBy: 'errors > delete says that nothing is there, and where',
    storage: storage => ({
      delete: (path, options) =>
        storage.delete(path, options).catch(() => {
          throw pathNotFound('/')
        }),
    }),
  },
  {
    name: 'does not look at signals',
    caughtBy: 'signals > delete rejects with the reason of a signal and changes nothing',
    driver: driver => ({ delete: path => driver.delete(path) }),
  },
  {
    name: 'has a reason of its own for every abort',
    caughtBy: 'signals > stat rejects with the reason of a signal and changes nothing',
    driver: driver => ({
      stat: (path, options) =>
        driver.stat(path, options).catch((error: unknown) => {
          throw options?.signal?.aborted ? new DOMException('aborted', 'AbortError') : error
        }),
    }),
  },
  {
    name: 'does not stop reading',
    caughtBy: 'signals > aborting breaks off a reader',
    driver: driver => ({
      reader: (path, options) =>
        driver.reader(path, { ...options, signal: options?.signal?.aborted ? options.signal : undefined }),
    }),
  },
  {
    name: 'does not stop walking',
    caughtBy: 'signals > aborting breaks off a walk',
    driver: driver => ({
      walk: (path, options) =>
        driver.walk(path, { ...options, signal: options?.signal?.aborted ? options.signal : undefined }),
    }),
  },
  {
    name: 'goes on after its disposal',
    caughtBy: 'disposal > getContent rejects afterwards',
    driver: () => ({ [Symbol.asyncDispose]: async () => {} }),
  },
  {
    name: 'cannot be disposed of twice',
    caughtBy: 'disposal > may happen twice, also at the same time',
    driver: driver => {
      let isDisposed = false
      return {
        [Symbol.asyncDispose]: async () => {
          if (isDisposed) throw new Error('already disposed of')
          isDisposed = true
          await driver[Symbol.asyncDispose]()
        },
      }
    },
  },
  {
    name: 'gives a key instead of a URL',
    caughtBy: 'urlFor > gives a URL for GET',
    capabilities: { urls: true },
    storage: () => ({ urlFor: async path => signed(path) }),
  },
  {
    name: 'gives URLs that work longer than they should',
    caughtBy: 'urlFor > gives a URL for HEAD',
    capabilities: { urls: true },
    storage: () => ({ urlFor: async path => signed(`https://example.org${path}`, 3600) }),
  },
  {
    name: 'gives URLs of existing files only',
    caughtBy: 'urlFor > does not ask whether the file exists',
    capabilities: { urls: true },
    storage: storage => ({
      urlFor: async (path, options) => {
        await storage.getContent(path, options)
        return signed(`https://example.org${path}`)
      },
    }),
  },
  {
    name: 'gives URLs for every method',
    caughtBy: 'urlFor > gives undefined for other methods',
    driver: () => ({ urlFor: async path => signed(`https://example.org${path}`) }),
  },
  {
    name: 'gives URLs that lead elsewhere',
    caughtBy: 'urlFor > 32 bytes can be fetched',
    capabilities: { urls: true },
    storage: () => ({ urlFor: async path => signed(`https://example.org${path}`) }),
    options: { fetch: async () => new Response('something else') },
  },
  {
    name: 'has one key for two files',
    caughtBy: 'urlFor > every file has a key of its own',
    driver: () => ({ keyFor: path => path.toLowerCase() }),
  },
]

describe('the suite catches a driver that', () => itCatches(defects))
