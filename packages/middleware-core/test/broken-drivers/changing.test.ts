import { describe } from '@jest/globals'
import { parentPath } from '../../src/contract/paths.ts'
import { type Defect, itCatches } from './broken-driver.ts'

const defects: Defect[] = [
  {
    name: 'copies instead of moving',
    caughtBy: 'move > leaves nothing at the source',
    storage: storage => ({
      move: async (source, destination, options) => {
        await storage.putContent(destination, await storage.getContent(source, options), {})
      },
    }),
  },
  {
    name: 'makes room at the destination before it knows of a source',
    caughtBy: 'move > leaves the destination alone when there is no source',
    storage: storage => ({
      move: async (source, destination, options) => {
        await storage.delete(destination, options).catch(() => {})
        await storage.move(source, destination, options)
      },
    }),
  },
  {
    name: 'does not replace when it moves',
    caughtBy: 'move > replaces what was at the destination',
    storage: storage => ({
      move: async (source, destination, options) => {
        if (await storage.stat(destination, options)) await storage.delete(source, options)
        else await storage.move(source, destination, options)
      },
    }),
  },
  {
    name: 'moves directories',
    caughtBy: 'move > moves no directory',
    storage: storage => ({
      move: async (source, destination, options) => {
        const info = await storage.stat(source, options)
        if (!info?.isDirectory) return storage.move(source, destination, options)
        for (const child of (await storage.list(source, options)) ?? []) {
          await storage.move(child, destination + child.slice(source.length), options)
        }
      },
    }),
  },
  {
    name: 'loses a file that it moves onto itself',
    caughtBy: 'move > does nothing when a file moves onto itself',
    driver: driver => ({
      move: async (source, destination, options) => {
        if (source !== destination) return driver.move(source, destination, options)
        return driver.delete(source, options)
      },
    }),
  },
  {
    name: 'moves a file of any revision',
    caughtBy: 'revision > gives 1000 replaced bytes another, and reads and moves none of them by the old one',
    storage: storage => ({
      move: (source, destination, options) => storage.move(source, destination, { ...options, ifRevision: undefined }),
    }),
  },
  {
    name: 'forgets the revision when it moves a file onto itself',
    caughtBy: 'revision > gives 1000 replaced bytes another, and reads and moves none of them by the old one',
    driver: driver => ({
      move: (source, destination, options = {}) =>
        driver.move(source, destination, source === destination ? { ...options, ifRevision: undefined } : options),
    }),
  },
  {
    name: 'gives each look at a file another revision',
    caughtBy: 'revision > stays the same while 1000 bytes do',
    storage: storage => {
      let looks = 0
      return {
        stat: async (path, options) => {
          const info = await storage.stat(path, options)
          looks += 1
          return info && { ...info, revision: `${looks}` }
        },
      }
    },
  },
  {
    name: 'deletes siblings with the same beginning',
    caughtBy: 'delete > removes file1 with all below it, and no sibling',
    storage: storage => ({
      delete: async (path, options) => {
        await storage.delete(path, options)
        for (const sibling of (await storage.list(parentPath(path), options)) ?? []) {
          if (sibling.startsWith(path)) await storage.delete(sibling, options)
        }
      },
    }),
  },
  {
    name: 'takes siblings for what is to be deleted',
    caughtBy: 'delete > finds nothing where only siblings are',
    storage: storage => ({
      delete: async (path, options) => {
        const siblings = (await storage.list(parentPath(path), options)) ?? []
        if ((await storage.stat(path, options)) || !siblings.some(sibling => sibling.startsWith(path))) {
          await storage.delete(path, options)
        }
      },
    }),
  },
  {
    name: 'deletes nothing without a word',
    caughtBy: 'errors > delete says that nothing is there, and where',
    storage: storage => ({
      delete: async (path, options) => {
        if (await storage.stat(path, options)) await storage.delete(path, options)
      },
    }),
  },
  {
    name: 'deletes only what lies directly in a directory',
    caughtBy: 'delete > removes folder3 with all below it, and no sibling',
    storage: storage => ({
      delete: async (path, options) => {
        if (!(await storage.stat(path, options))?.isDirectory) return storage.delete(path, options)
        for (const child of (await storage.list(path, options)) ?? []) {
          if (!(await storage.stat(child, options))?.isDirectory) await storage.delete(child, options)
        }
      },
    }),
  },
  {
    name: 'sweeps what is younger',
    caughtBy: 'purgeUploads > keeps uploads that are younger',
    storage: storage => ({
      purgeUploads: options => storage.purgeUploads({ ...options, olderThan: new Date(Date.now() + 60_000) }),
    }),
  },
  {
    name: 'sweeps in a dry run',
    caughtBy: 'purgeUploads > only counts with dryRun',
    storage: storage => ({ purgeUploads: options => storage.purgeUploads({ ...options, dryRun: false }) }),
  },
  {
    name: 'sweeps everywhere',
    caughtBy: 'purgeUploads > keeps what lies neither at the path nor below it',
    storage: storage => ({ purgeUploads: options => storage.purgeUploads({ ...options, path: '/' }) }),
  },
  {
    name: 'sweeps only what lies below the path',
    caughtBy: 'purgeUploads > discards what was left at the path itself',
    storage: storage => ({
      purgeUploads: async options => {
        const own = await storage.writer(options.path, { append: true }).catch(() => undefined)
        return storage.purgeUploads(own ? { ...options, olderThan: new Date(0) } : options)
      },
    }),
  },
  {
    name: 'never sweeps',
    caughtBy: 'purgeUploads > discards uploads that are old enough',
    storage: () => ({ purgeUploads: async () => ({ uploads: 0 }) }),
  },
]

describe('the suite catches a driver that', () => itCatches(defects))
