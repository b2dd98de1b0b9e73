import { describe } from '@jest/globals'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { StorageError } from '../../src/contract/errors.ts'
import { type Defect, itCatches } from './broken-driver.ts'

const defects: Defect[] = [
  {
    name: 'reads from one byte too late',
    caughtBy: 'reader > reads 96 bytes from offset 1 on',
    storage: storage => ({
      reader: (path, { offset, ...options }) => storage.reader(path, { ...options, offset: offset && offset + 1 }),
    }),
  },
  {
    name: 'fails at the end of a file',
    caughtBy: 'reader > gives nothing of 96 bytes from offset 96 on',
    storage: storage => ({
      reader: async (path, options) => {
        const { length } = await storage.getContent(path, options)
        if (options.offset >= length) throw new StorageError('INVALID_ARGUMENT', 'beyond the end')
        return storage.reader(path, options)
      },
    }),
  },
  {
    name: 'takes a negative offset for the beginning',
    caughtBy: 'reader > refuses an offset that is negative or no whole number',
    driver: driver => ({
      reader: (path, options) => driver.reader(path, { ...options, offset: Math.max(0, options?.offset ?? 0) }),
    }),
  },
  {
    name: 'looks at the path before the offset',
    caughtBy: 'reader > looks at the offset before the path',
    driver: driver => ({
      reader: async (path, options) => {
        await driver.getContent(path, options)
        return driver.reader(path, options)
      },
    }),
  },
  {
    name: 'goes on reading in what replaced the content',
    caughtBy: 'reader > never mixes the content it began with and one that replaces it',
    storage: storage => ({
      reader: async (path, { offset, ...options }) => {
        const { length } = await storage.getContent(path, options)
        const read = async function* (): AsyncIterable<Uint8Array> {
          for (let start = offset; start < length; start += 1000) {
            yield (await storage.getContent(path, options)).subarray(start, Math.min(start + 1000, length))
          }
        }
        return Readable.from(read(), { objectMode: false })
      },
    }),
  },
  {
    name: 'reads a file of any revision',
    caughtBy: 'revision > gives 1000 replaced bytes another, and reads and moves none of them by the old one',
    storage: storage => ({ reader: (path, { offset }) => storage.reader(path, { offset }) }),
  },
  {
    name: 'takes the size for the revision',
    caughtBy: 'revision > gives 1000 replaced bytes another, and reads and moves none of them by the old one',
    storage: storage => ({
      stat: async (path, options) => {
        const info = await storage.stat(path, options)
        return info && { ...info, revision: info.isDirectory ? undefined : `${info.size}` }
      },
      reader: (path, { offset }) => storage.reader(path, { offset }),
      move: (source, destination, options) => storage.move(source, destination, { ...options, ifRevision: undefined }),
    }),
  },
  {
    name: 'reads text',
    caughtBy: 'content > gives back bytes that are no UTF-8',
    storage: storage => ({
      getContent: async (path, options) => Buffer.from(Buffer.from(await storage.getContent(path, options)).toString()),
    }),
  },
  {
    name: 'loses empty files',
    caughtBy: 'content > gives back nothing',
    storage: storage => ({
      putContent: async (path, content, options) => {
        if (content.length > 0) await storage.putContent(path, content, options)
      },
    }),
  },
  {
    name: 'does not cut off the rest of a longer content',
    caughtBy: 'content > replaces the whole content',
    storage: storage => ({
      putContent: async (path, content, options) => {
        const before = await storage.getContent(path, options).catch(() => Buffer.alloc(0))
        await storage.putContent(path, Buffer.concat([content, before.subarray(content.length)]), options)
      },
    }),
  },
  {
    name: 'stores the whole buffer instead of its part',
    caughtBy: 'content > stores a part of a buffer without the rest',
    storage: storage => ({
      putContent: (path, content, options) => storage.putContent(path, new Uint8Array(content.buffer), options),
    }),
  },
  {
    name: 'puts a content in place by halves',
    caughtBy: 'content > a reader sees the old content or the new one, whole',
    storage: storage => ({
      putContent: async (path, content, options) => {
        await storage.putContent(path, content.subarray(0, content.length / 2), options)
        await setImmediate()
        await storage.putContent(path, content, options)
      },
    }),
  },
  {
    name: 'keeps the buffer that it was given',
    caughtBy: 'content > keeps a copy of what it was given',
    storage: storage => {
      const kept = new Map<string, Uint8Array>()
      return {
        putContent: async (path, content, options) => {
          await storage.putContent(path, content, options)
          kept.set(path, content)
        },
        getContent: async (path, options) => {
          const content = await storage.getContent(path, options)
          return kept.get(path) ?? content
        },
      }
    },
  },
  {
    name: 'gives its own buffer away',
    caughtBy: 'content > gives a copy away',
    storage: storage => {
      const given = new Map<string, Uint8Array>()
      return {
        putContent: (path, content, options) => {
          given.delete(path)
          return storage.putContent(path, content, options)
        },
        getContent: async (path, options) => {
          const content = given.get(path) ?? (await storage.getContent(path, options))
          given.set(path, content)
          return content
        },
      }
    },
  },
  {
    name: 'stores another content that comes at the same time',
    caughtBy: 'concurrency > puts, moves and deletes in one directory',
    storage: storage => {
      let scratch = new Uint8Array()
      return {
        putContent: async (path, content, options) => {
          scratch = Uint8Array.from(content)
          await setImmediate()
          await storage.putContent(path, scratch, options)
        },
      }
    },
  },
]

describe('the suite catches a driver that', () => itCatches(defects))
