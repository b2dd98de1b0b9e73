import { describe } from '@jest/globals'
import type { Upload } from '../../src/authoring/upload.ts'
import { type Defect, changedUploads, changedWriters, itCatches, type Changes, type Storage } from './broken-driver.ts'

/** Uploads whose commit publishes at the path, and leaves the way to the destination to `carry`. */
function carried(storage: Storage, carry: (path: string, destination: string) => Promise<void>): Changes<Storage> {
  return changedUploads(
    { writer: (path, { append, signal }) => storage.writer(path, { append, signal }) },
    (upload, path, destination) => ({
      commit: async options => {
        await upload.commit(options)
        if (destination !== path) await carry(path, destination)
      },
    }),
  )
}

const defects: Defect[] = [
  {
    name: 'publishes at the path itself',
    caughtBy: 'destination > a commit puts 32 bytes there, and leaves nothing at the path',
    storage: storage => carried(storage, async () => {}),
  },
  {
    name: 'copies from the path to the destination',
    caughtBy: 'destination > a commit puts 1 bytes there, and leaves nothing at the path',
    storage: storage =>
      carried(storage, async (path, destination) => {
        await storage.putContent(destination, await storage.getContent(path, {}), {})
      }),
  },
  {
    name: 'moves whatever lies at the path to the destination',
    caughtBy: 'destination > two uploads of 32 bytes at one path go each to its own',
    storage: storage => {
      let commits: Promise<unknown> = Promise.resolve()
      return carried(storage, (path, destination) => {
        // The others commit first.
        commits = commits.then(() => new Promise(resolve => setImmediate(resolve)))
        return commits.then(() => storage.move(path, destination, {}))
      })
    },
  },
  {
    name: 'knows a destination only when an upload starts',
    caughtBy: 'destination > a commit in another process puts 32 bytes and more there',
    storage: storage => ({
      writer: (path, options) =>
        storage.writer(path, options.append ? { append: true, signal: options.signal } : options),
    }),
  },
  {
    name: 'knows a destination only while it does not close',
    caughtBy: 'destination > a commit after a close puts 32 bytes there',
    storage: storage => {
      const closed = new WeakSet<object>()
      return changedUploads(storage, (upload, path, destination) => ({
        close: async () => {
          closed.add(upload)
          await upload.close()
        },
        commit: async options => {
          await upload.commit(options)
          if (closed.has(upload) && destination !== path) await storage.move(destination, path, {})
        },
      }))
    },
  },
  {
    name: 'keeps the first destination of an upload',
    caughtBy: 'destination > is that of the writer which commits, not of those before',
    storage: storage => {
      const first = new Map<string, string>()
      return {
        writer: (path, { append, signal, destination = path }) => {
          if (!append) first.set(path, destination)
          return storage.writer(path, { append, signal, destination: first.get(path) ?? destination })
        },
      }
    },
  },
  {
    name: 'leaves the upload at the path',
    caughtBy: 'destination > a commit puts 0 bytes there, and leaves nothing at the path',
    storage: storage => ({
      writer: async (path, options) => {
        const upload = await storage.writer(path, options)
        if (options.destination !== undefined) await (await storage.writer(path, { append: false })).close()
        return upload
      },
    }),
  },
  {
    name: 'makes room at the destination when the upload begins',
    caughtBy: 'destination > keeps what is there until the commit, and then replaces it',
    storage: storage => ({
      writer: async (path, options) => {
        if (options.destination) await storage.delete(options.destination, { fileOnly: true })
        return storage.writer(path, options)
      },
    }),
  },
  {
    name: 'does not replace what is at the destination',
    caughtBy: 'destination > keeps what is there until the commit, and then replaces it',
    storage: storage =>
      changedUploads(storage, (upload, path, destination) => ({
        commit: async options => {
          if (destination !== path && (await storage.stat(destination, {}))) await upload.cancel()
          else await upload.commit(options)
        },
      })),
  },
  {
    name: 'removes what is at the destination of a cancelled upload',
    caughtBy: 'destination > a cancel keeps what is there',
    storage: storage =>
      changedUploads(storage, (upload, path, destination) => ({
        cancel: async () => {
          await upload.cancel()
          if (destination !== path) await storage.delete(destination, { fileOnly: true })
        },
      })),
  },
  {
    name: 'discards what was left at the destination',
    caughtBy: 'destination > keeps the upload that was left there',
    storage: storage =>
      changedUploads(storage, (upload, path, destination) => ({
        commit: async options => {
          await upload.commit(options)
          if (destination !== path)
            await storage.purgeUploads({ olderThan: new Date(Date.now() + 60_000), path: destination })
        },
      })),
  },
  {
    name: 'replaces what was committed at the path as well',
    caughtBy: 'destination > a commit never puts the file at a path where another was committed before',
    storage: storage =>
      changedUploads(storage, (upload, path, destination) => ({
        commit: async options => {
          await upload.commit(options)
          const isThere = (await storage.stat(path, { fileOnly: true })) !== undefined
          if (isThere) await storage.putContent(path, Buffer.from(await storage.getContent(destination, {})), {})
        },
      })),
  },
  {
    name: 'appends to a committed file that goes elsewhere',
    caughtBy: 'destination > appends to nothing but to an empty file',
    storage: storage => ({
      writer: async (path, options) => {
        const info = options.destination === undefined ? undefined : await storage.stat(path, { fileOnly: true })
        return storage.writer(path, { ...options, append: options.append && !info })
      },
    }),
  },
  {
    name: 'publishes what is destroyed',
    caughtBy: 'destination > gets nothing from a writer that is destroyed',
    storage: storage =>
      changedUploads(storage, (upload, path, destination) => ({
        release: async () => {
          await (destination === path ? upload.release() : upload.commit({}))
        },
      })),
  },
  {
    name: 'publishes what is aborted',
    caughtBy: 'destination > a commit that is aborted puts nothing there and keeps the upload',
    driver: driver =>
      changedWriters(driver, (writer, _, { destination }) => ({
        commit: async options => {
          await writer.commit(destination === undefined ? options : {})
          options?.signal?.throwIfAborted()
        },
      })),
  },
  {
    name: 'removes the path when the destination is the same',
    caughtBy: 'destination > may be the path itself',
    driver: driver =>
      changedWriters(driver, (writer, path, { destination }) => ({
        commit: async options => {
          await writer.commit(options)
          if (destination === path) await driver.delete(path)
        },
      })),
  },
  {
    name: 'writes what it is given into every upload to the destination',
    caughtBy: 'destination > of many uploads to one, each at a path of its own, one is left, whole',
    storage: storage => {
      const uploads = new Map<string, Upload[]>()
      return changedUploads(storage, (upload, _, destination) => {
        const together = [...(uploads.get(destination) ?? []), upload]
        uploads.set(destination, together)
        return {
          write: async chunk => {
            for (const other of uploads.get(destination) ?? []) await other.write(chunk)
          },
        }
      })
    },
  },
  {
    name: 'takes any text for a destination',
    caughtBy: 'paths > writer refuses illegal destinations',
    driver: driver => ({
      writer: (path, options = {}) =>
        driver.writer(path, {
          ...options,
          destination: options.destination?.replaceAll(/[^a-z/]|\/(?!\w)/g, '') || '/x',
        }),
    }),
  },
  {
    name: 'looks at the destination before the path',
    caughtBy: 'paths > writer looks at its own path first',
    driver: driver => ({
      writer: async (path, options = {}) => {
        if (options.destination !== undefined) await (await driver.writer(options.destination)).cancel()
        return driver.writer(path, options)
      },
    }),
  },
]

describe('the suite catches a driver that, given a destination,', () => itCatches(defects))
