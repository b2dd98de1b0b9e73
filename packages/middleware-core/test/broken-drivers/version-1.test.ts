import { describe } from '@jest/globals'
import { setImmediate } from 'node:timers/promises'
import { fileExists, pathNotFound } from '../../src/contract/errors.ts'
import type { Capabilities, StorageDriver } from '../../src/contract/index.ts'
import { type Changes, type Defect, changedUploads, itCatches } from './broken-driver.ts'

/** Calls of a driver with other paths than those that it was given. */
function withPaths(driver: StorageDriver, map: (path: string) => string): Changes<StorageDriver> {
  return {
    getContent: (path, options) => driver.getContent(map(path), options),
    putContent: (path, content, options) => driver.putContent(map(path), content, options),
    stat: async (path, options) => ({ ...(await driver.stat(map(path), options)), path }),
  }
}

const defects: Defect[] = [
  {
    name: 'lost its revisions',
    caughtBy: 'revision > reads and moves 1000 bytes of their revision',
    storage: storage => ({
      stat: async (path, options) => {
        const { revision: _, ...info } = (await storage.stat(path, options)) ?? {}
        return 'path' in info ? info : undefined
      },
    }),
  },
  {
    name: 'lost the revisions of its uploads',
    caughtBy: 'revision of an upload > stays the same while 32 bytes do',
    storage: storage => changedUploads(storage, () => ({ revision: undefined })),
  },
  {
    name: 'drops metadata when an upload is continued',
    caughtBy: 'metadata > of an upload of 32 bytes is kept across a close, another process and a destination',
    storage: storage => ({
      writer: async (path, options) => {
        const upload = await storage.writer(path, options)
        const { destination = path } = options
        if (!options.append) return upload
        return Object.assign(upload, {
          commit: async () => {
            const bytes = Buffer.alloc(upload.size)
            await upload.cancel()
            return storage.putContent(destination, bytes, {})
          },
        })
      },
    }),
  },
  {
    name: 'moves files without their metadata',
    caughtBy: 'metadata > moves with its file',
    storage: storage => ({
      move: async (source, destination, options) => {
        await storage.move(source, destination, options)
        await storage.putContent(destination, await storage.getContent(destination, {}), {})
      },
    }),
  },
  {
    name: 'keeps metadata of what it replaces',
    caughtBy: 'metadata > goes with a content, and away with the next',
    storage: storage => ({
      putContent: async (path, content, options) => {
        const before = await storage.stat(path, {})
        return storage.putContent(path, content, { metadata: before?.metadata, ...options })
      },
    }),
  },
  {
    name: 'normalises names',
    caughtBy: 'names > of two spellings are two files',
    driver: driver => withPaths(driver, path => path.normalize('NFC')),
  },
  {
    name: 'decodes percent signs',
    caughtBy: 'names > of two spellings are two files',
    driver: driver => withPaths(driver, path => path.replaceAll('%41', 'A')),
  },
  {
    name: 'trims blanks',
    caughtBy: 'names > of two spellings are two files',
    driver: driver => withPaths(driver, path => path.trimEnd()),
  },
  {
    name: 'sorts as UTF-16 does',
    caughtBy: 'names > of every kind are listed in the order of their bytes',
    driver: driver => ({ list: async (path, options) => (await driver.list(path, options)).toSorted() }),
  },
  {
    name: 'reads on behind a range',
    caughtBy: 'range > of 20 bytes from 10 on has those of 1000',
    storage: storage => ({ reader: (path, { length: _, ...options }) => storage.reader(path, options) }),
  },
  {
    name: 'looks first and writes then where no file may be',
    caughtBy: 'conditions > of many contents at once one is stored',
    storage: storage => ({
      putContent: async (path, content, { ifAbsent, ...options }) => {
        if (ifAbsent && (await storage.stat(path, {}))) throw fileExists(path)
        await setImmediate()
        return storage.putContent(path, content, options)
      },
    }),
  },
  {
    name: 'commits whatever the condition',
    caughtBy: 'conditions > a commit of 32 bytes puts them only where no file is',
    storage: storage => changedUploads(storage, upload => ({ commit: () => upload.commit({}) })),
  },
  {
    name: 'deletes any revision',
    caughtBy: 'conditions > a file is deleted only if it is of the revision that was named',
    storage: storage => ({
      delete: (path, options) => storage.delete(path, { ...options, ifRevision: undefined }),
    }),
  },
  {
    name: 'drops an option that it does not declare',
    caughtBy: 'capabilities > refuses what needs metadata',
    capabilities: { metadata: false },
    driver: driver => ({
      putContent: (path, content, options) => driver.putContent(path, content, { ...options, metadata: undefined }),
    }),
  },
  {
    name: 'declares other capabilities than it was said to',
    caughtBy: 'capabilities > are those that the suite was told of',
    driver: driver => ({ capabilities: { ...driver.capabilities, urls: true } satisfies Capabilities }),
  },
  {
    name: 'shows the first half of a commit for a moment',
    caughtBy: 'visibility > a commit under way shows nothing or everything',
    storage: storage => {
      const chunks = new WeakMap<object, Uint8Array[]>()
      return changedUploads(storage, (upload, path) => ({
        write: chunk => {
          chunks.set(upload, [...(chunks.get(upload) ?? []), Uint8Array.from(chunk)])
          return upload.write(chunk)
        },
        commit: async options => {
          const bytes = Buffer.concat(chunks.get(upload) ?? [])
          await storage.putContent(path, bytes.subarray(0, bytes.length / 2), {})
          await setImmediate()
          await setImmediate()
          return upload.commit(options)
        },
      }))
    },
  },
  {
    name: 'has a moved file at neither path for a moment',
    caughtBy: 'move > has the file at one of both paths at any time',
    storage: storage => ({
      move: async (source, destination, options) => {
        const content = await storage.getContent(source, options)
        if (!(await storage.stat(source, { fileOnly: true }))) throw pathNotFound(source)
        await storage.delete(source, { fileOnly: true })
        await setImmediate()
        await setImmediate()
        await storage.putContent(destination, content, {})
      },
    }),
  },
  {
    name: 'discards a newer upload with the commit of an older',
    caughtBy: 'writers on one path > the commit of an older writer keeps a newer upload of 32 bytes that was closed',
    storage: storage =>
      changedUploads(storage, (upload, path) => ({
        commit: async options => {
          const result = await upload.commit(options)
          await storage.purgeUploads({ path, olderThan: new Date(Date.now() + 60_000) })
          return result
        },
      })),
  },
  {
    name: 'walks 1,000 entries and no more',
    caughtBy: 'many files > 1005 files are listed, walked and deleted',
    options: { manyFiles: 1005 },
    storage: storage => ({
      async *walk(path, options) {
        let left = 1000
        for await (const entry of storage.walk!(path, options)) if (left-- > 0) yield entry
      },
    }),
  },
  {
    name: 'puts a stream in place before it has ended',
    caughtBy: 'putStream > leaves nothing of a stream that breaks',
    storage: storage => ({
      putStream: async (path, source) => {
        const chunks: Uint8Array[] = []
        for await (const chunk of source) {
          chunks.push(chunk as Uint8Array)
          await storage.putContent(path, Buffer.concat(chunks), {})
        }
        return {}
      },
    }),
  },
]

describe('the suite catches a driver that', () => itCatches(defects))
