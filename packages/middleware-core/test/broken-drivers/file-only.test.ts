import { describe } from '@jest/globals'
import { pathNotFound } from '../../src/contract/errors.ts'
import { parentPath } from '../../src/contract/paths.ts'
import { type Defect, itCatches } from './broken-driver.ts'

const defects: Defect[] = [
  {
    name: 'tells directories',
    caughtBy: 'file only > stat finds no directory, and no sibling',
    driver: driver => ({ stat: (path, { signal } = {}) => driver.stat(path, { signal }) }),
  },
  {
    name: 'takes a sibling for a file',
    caughtBy: 'file only > stat finds no directory, and no sibling',
    storage: storage => ({
      stat: async (path, options) => {
        const siblings = options.fileOnly ? ((await storage.list(parentPath(path), options)) ?? []) : [path]
        const first = siblings.find(sibling => sibling.startsWith(path))
        return first === undefined ? first : storage.stat(first, options)
      },
    }),
  },
  {
    name: 'tells less of a file',
    caughtBy: 'file only > stat tells a file',
    storage: storage => ({
      stat: async (path, options) => {
        const info = await storage.stat(path, options)
        return info && options.fileOnly ? { ...info, size: 0 } : info
      },
    }),
  },
  {
    name: 'tells of an upload',
    caughtBy: 'file only > stat finds no upload',
    storage: storage => ({
      stat: async (path, options) => {
        const info = await storage.stat(path, options)
        if (info || !options.fileOnly) return info
        const upload = await storage.writer(path, { ...options, append: true }).catch(() => undefined)
        await upload?.close()
        return upload && { path, size: upload.size, modifiedAt: new Date(), isDirectory: false }
      },
    }),
  },
  {
    name: 'does not find the root',
    caughtBy: 'file only > stat finds the root',
    driver: driver => ({
      stat: async (path, options) => {
        if (path === '/' && options?.fileOnly) throw pathNotFound(path)
        return driver.stat(path, options)
      },
    }),
  },
  {
    name: 'deletes nothing',
    caughtBy: 'file only > delete removes a file, and its directory with the last one',
    storage: storage => ({
      delete: async (path, options) => (options.fileOnly ? undefined : storage.delete(path, options)),
    }),
  },
  {
    name: 'deletes directories',
    caughtBy: 'file only > delete leaves a directory alone',
    storage: storage => ({
      delete: async (path, { fileOnly, ...options }) => {
        if (!fileOnly || (await storage.stat(path, options))) await storage.delete(path, options)
      },
    }),
  },
  {
    name: 'deletes siblings with the same beginning',
    caughtBy: 'file only > delete leaves siblings alone',
    storage: storage => ({
      delete: async (path, options) => {
        await storage.delete(path, options)
        if (!options.fileOnly) return
        for (const sibling of (await storage.list(parentPath(path), options)) ?? []) {
          if (sibling.startsWith(path)) await storage.delete(sibling, { ...options, fileOnly: false })
        }
      },
    }),
  },
  {
    name: 'misses what is not there',
    caughtBy: 'file only > delete is content with nothing',
    storage: storage => ({
      delete: async (path, options) => {
        if (options.fileOnly && (await storage.stat(path, options))?.isDirectory) return
        await storage.delete(path, { ...options, fileOnly: false })
      },
    }),
  },
  {
    name: 'misses what somebody else has just deleted',
    caughtBy: 'file only > delete is content with nothing the second time, and when many do it at once',
    storage: storage => ({
      delete: async (path, options) => {
        const info = options.fileOnly ? await storage.stat(path, options) : undefined
        if (!options.fileOnly || info?.isDirectory === false)
          await storage.delete(path, { ...options, fileOnly: false })
      },
    }),
  },
]

describe('the suite catches a driver that, asked about a file only,', () => itCatches(defects))
