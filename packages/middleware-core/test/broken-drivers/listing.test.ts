import { describe } from '@jest/globals'
import type { FileInfo } from '../../src/contract/index.ts'
import { pathNotFound } from '../../src/contract/errors.ts'
import { parentPath, walkPosition } from '../../src/contract/paths.ts'
import { type Defect, itCatches } from './broken-driver.ts'

async function collect(walk: AsyncIterable<FileInfo>): Promise<FileInfo[]> {
  const entries: FileInfo[] = []
  for await (const entry of walk) entries.push(entry)
  return entries
}

/** Sorts as comparing path by path, component by component, does. */
const byNames = (entry: FileInfo): string => entry.path.replaceAll('/', '\u0000')

const directory = (path: string): FileInfo => ({ path, size: 0, modifiedAt: new Date(0), isDirectory: true })

const defects: Defect[] = [
  {
    name: 'does not sort its list',
    caughtBy: 'list > gives direct children only, files and directories, sorted',
    driver: driver => ({ list: async (path, options) => (await driver.list(path, options)).toReversed() }),
  },
  {
    name: 'lists everything below',
    caughtBy: 'list > gives direct children only, files and directories, sorted',
    driver: driver => ({
      list: async (path, options) => {
        await driver.list(path, options)
        return (await collect(driver.walk(path, options))).map(entry => entry.path)
      },
    }),
  },
  {
    name: 'lists files only',
    caughtBy: 'list > gives a directory that holds nothing but directories',
    storage: storage => ({
      list: async (path, options) => {
        const children = (await storage.list(path, options)) ?? []
        const infos = await Promise.all(children.map(child => storage.stat(child, options)))
        return infos.flatMap(info => (info && !info.isDirectory ? [info.path] : []))
      },
    }),
  },
  {
    name: 'lists siblings with the same beginning',
    caughtBy: 'list > does not take siblings for a directory',
    storage: storage => ({
      list: async (path, options) => {
        const children = (await storage.list(path, options)) ?? []
        if (children.length > 0) return children
        return ((await storage.list(parentPath(path), options)) ?? []).filter(
          sibling => sibling !== path && sibling.startsWith(path),
        )
      },
    }),
  },
  {
    name: 'gives an empty list of a missing directory',
    caughtBy: 'errors > list says that nothing is there, and where',
    driver: driver => ({
      list: (path, options) =>
        driver.list(path, options).catch((error: { code?: string }) => {
          if (error.code === 'PATH_NOT_FOUND') return []
          throw error
        }),
    }),
  },
  {
    name: 'takes a sibling for the contents of a directory',
    caughtBy: 'stat > does not take a sibling for the contents of a directory',
    storage: storage => ({
      stat: async (path, options) => {
        const info = await storage.stat(path, options)
        if (info) return info
        const siblings = (await storage.list(parentPath(path), options)) ?? []
        return siblings.some(sibling => sibling.startsWith(path)) ? directory(path) : undefined
      },
    }),
  },
  {
    name: 'does not know when a file was put in place',
    caughtBy: 'stat > tells a file',
    driver: driver => ({
      stat: async (path, options) => ({ ...(await driver.stat(path, options)), modifiedAt: new Date(0) }),
    }),
  },
  {
    name: 'knows no directories',
    caughtBy: 'stat > tells a directory, at any depth',
    storage: storage => ({
      stat: async (path, options) => {
        const info = await storage.stat(path, options)
        return info?.isDirectory ? undefined : info
      },
    }),
  },
  {
    name: 'walks siblings in the order of their names',
    caughtBy: 'walk > yields everything below, each directory right before its contents',
    storage: storage => ({
      async *walk(path, options) {
        const entries = await collect(storage.walk!(path, options))
        yield* entries.toSorted((a, b) => (byNames(a) < byNames(b) ? -1 : 1))
      },
    }),
  },
  {
    name: 'walks contents before their directory',
    caughtBy: 'walk > yields everything below, each directory right before its contents',
    storage: storage => ({
      async *walk(path, options) {
        yield* (await collect(storage.walk!(path, options))).toReversed()
      },
    }),
  },
  {
    name: 'yields where the walk begins',
    caughtBy: 'walk > yields everything below, each directory right before its contents',
    storage: storage => ({
      async *walk(path, options) {
        const info = await storage.stat(path, options)
        if (info) yield info
        yield* storage.walk!(path, options)
      },
    }),
  },
  {
    name: 'skips siblings with the same beginning',
    caughtBy: 'walk > leaves out what it must not descend into, and no sibling',
    storage: storage => ({
      async *walk(path, { descend = () => true, ...options }) {
        let skipped: string | undefined
        for await (const entry of storage.walk!(path, options)) {
          if (skipped !== undefined && entry.path.startsWith(skipped)) continue
          yield entry
          if (entry.isDirectory && !descend(entry)) skipped = entry.path
        }
      },
    }),
  },
  {
    name: 'yields the entry to start after',
    caughtBy: 'walk > goes on after any position, there or not',
    storage: storage => ({
      async *walk(path, { startAfter, ...options }) {
        for await (const entry of storage.walk!(path, options)) {
          if (startAfter === undefined || walkPosition(entry) >= startAfter) yield entry
        }
      },
    }),
  },
  {
    name: 'leaves out the rest of the directory that the start lies in',
    caughtBy: 'walk > gives the same in pages of one entry',
    storage: storage => ({
      walk: (path, { startAfter = '', descend = () => true, ...options }) =>
        storage.walk!(path, {
          ...options,
          startAfter,
          descend: info => walkPosition(info) > startAfter && descend(info),
        }),
    }),
  },
  {
    name: 'fails to walk what does not exist',
    caughtBy: 'walk > yields nothing below what does not exist, or is a file',
    storage: storage => ({
      async *walk(path, options) {
        if (!(await storage.stat(path, options))) throw pathNotFound(path)
        yield* storage.walk!(path, options)
      },
    }),
  },
  {
    name: 'lists and walks one page only',
    caughtBy: 'many files > 5 files are listed, walked and deleted',
    storage: storage => ({
      list: async (path, options) => {
        const children = (await storage.list(path, options)) ?? []
        return path.endsWith('/many') ? children.slice(0, 3) : children
      },
    }),
  },
]

describe('the suite catches a driver that', () => itCatches(defects))
