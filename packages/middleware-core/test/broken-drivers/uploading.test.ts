import { describe } from '@jest/globals'
import { type StorageErrorCode, isStorageError, pathNotFound } from '../../src/contract/errors.ts'
import type { WriteResult } from '../../src/contract/file-info.ts'
import { type Defect, changedUploads, changedWriters, itCatches, type Changes, type Storage } from './broken-driver.ts'

/** Publishes what an upload has taken over so far, with each write or when it is closed. */
function publishingEarly(storage: Storage, publish: 'write' | 'close'): Changes<Storage> {
  return changedUploads(storage, (upload, path) => {
    const chunks: Uint8Array[] = []
    const put = (): Promise<WriteResult> => storage.putContent(path, Buffer.concat(chunks), {})
    return {
      write: async chunk => {
        chunks.push(Uint8Array.from(chunk))
        await upload.write(chunk)
        if (publish === 'write') await put()
      },
      close: async () => {
        await upload.close()
        if (publish === 'close') await put()
      },
    }
  })
}

/** Starts an upload where continuing one is refused with this code. */
function startingAnewAt(storage: Storage, code: StorageErrorCode): Changes<Storage> {
  return {
    writer: (path, options) =>
      storage.writer(path, options).catch((error: unknown) => {
        if (isStorageError(error, code)) return storage.writer(path, { ...options, append: false })
        throw error
      }),
  }
}

const defects: Defect[] = [
  {
    name: 'publishes what is being written',
    caughtBy: 'visibility > an open upload is invisible',
    storage: storage => publishingEarly(storage, 'write'),
  },
  {
    name: 'publishes what is closed',
    caughtBy: 'visibility > a closed upload is invisible',
    storage: storage => publishingEarly(storage, 'close'),
  },
  {
    name: 'removes the old content when an upload begins',
    caughtBy: 'visibility > the old content stays readable until the commit',
    storage: storage => ({
      writer: async (path, options) => {
        const upload = await storage.writer(path, options)
        await storage.delete(path, options).catch(() => {})
        return upload
      },
    }),
  },
  {
    name: 'loses what was closed when a writer is destroyed',
    caughtBy: 'append > what was closed at 32 bytes survives a writer that is destroyed',
    storage: storage => changedUploads(storage, upload => ({ release: () => upload.cancel() })),
  },
  {
    name: 'starts anew instead of continuing',
    caughtBy: 'append > continues an upload of 32 bytes again and again',
    storage: storage => ({
      writer: async (path, options) => {
        await storage.writer(path, options)
        return storage.writer(path, { ...options, append: false })
      },
    }),
  },
  {
    name: 'stores the last bytes twice when it continues',
    caughtBy: 'append > continues an upload after odd numbers of bytes around 32',
    storage: storage => {
      const tails = new Map<string, Uint8Array>()
      return changedUploads(storage, (upload, path) => ({
        write: async chunk => {
          const tail = tails.get(path)
          tails.delete(path)
          if (tail) await upload.write(tail)
          await upload.write(chunk)
        },
        close: async () => {
          if (upload.size % 32 > 0 && upload.size < 200) tails.set(path, Buffer.from('tail'))
          await upload.close()
        },
      }))
    },
  },
  {
    name: 'forgets uploads that were closed empty',
    caughtBy: 'append > continues an upload that was closed empty',
    storage: storage =>
      changedUploads(storage, upload => ({ close: () => (upload.size === 0 ? upload.cancel() : upload.close()) })),
  },
  {
    name: 'remembers its uploads only by itself',
    caughtBy: 'append > continues an upload of 32 bytes in other processes',
    driver: driver => {
      const known = new Set<string>()
      return {
        writer: async (path, options) => {
          const writer = await driver.writer(path, options)
          if (writer.size > 0 && !known.has(path)) throw pathNotFound(path, { driver: driver.name })
          known.add(path)
          return writer
        },
      }
    },
  },
  {
    name: 'appends to committed files',
    caughtBy: 'append > conflicts with a committed file that has content',
    storage: storage => startingAnewAt(storage, 'ALREADY_COMMITTED'),
  },
  {
    name: 'appends to nothing',
    caughtBy: 'errors > writer with append says that nothing is there, and where',
    storage: storage => startingAnewAt(storage, 'PATH_NOT_FOUND'),
  },
  {
    name: 'does not append to an empty file',
    caughtBy: 'append > replaces a committed empty file',
    storage: storage => ({
      writer: async (path, options) => {
        const info = await storage.stat(path, options)
        if (options.append && info?.size === 0) throw pathNotFound(path)
        return storage.writer(path, options)
      },
    }),
  },
  {
    name: 'continues the upload of a sibling',
    caughtBy: 'append > finds nothing where only siblings are',
    storage: storage => ({
      writer: (path, options) => storage.writer(path, options).catch(() => storage.writer(`${path}b`, options)),
    }),
  },
  {
    name: 'leaves cancelled uploads',
    caughtBy: 'writer > cancel discards 32 bytes, open or closed',
    storage: storage => changedUploads(storage, () => ({ cancel: async () => {} })),
  },
  {
    name: 'removes the committed file with a cancelled upload',
    caughtBy: 'writer > cancel keeps what was committed before',
    storage: storage =>
      changedUploads(storage, (upload, path) => ({
        cancel: async () => {
          await upload.cancel()
          await storage.delete(path, {}).catch(() => {})
        },
      })),
  },
  {
    name: 'counts what is not in memory only',
    caughtBy: 'writer > counts the bytes it has taken over',
    storage: storage =>
      changedUploads(storage, upload => ({
        get size() {
          return upload.size - (upload.size % 32)
        },
      })),
  },
  {
    name: 'loses what does not fill a block',
    caughtBy: 'writer > publishes 1 bytes',
    storage: storage =>
      changedUploads(storage, upload => ({
        write: chunk => upload.write(chunk.subarray(0, chunk.length - (chunk.length % 32))),
      })),
  },
  {
    name: 'keeps the chunk that it was given',
    caughtBy: 'writer > keeps a copy of what it has taken over',
    storage: storage =>
      changedUploads(storage, upload => {
        const chunks: Uint8Array[] = []
        const flush = async (): Promise<void> => {
          for (const chunk of chunks.splice(0)) await upload.write(chunk)
        }
        return {
          write: chunk => {
            chunks.push(chunk)
          },
          close: () => flush().then(() => upload.close()),
          commit: options => flush().then(() => upload.commit(options)),
        }
      }),
  },
  {
    name: 'commits twice',
    caughtBy: 'writer > cannot be committed twice',
    driver: driver =>
      changedWriters(driver, writer => ({
        commit: options =>
          writer.commit(options).catch((error: unknown) => {
            if (!isStorageError(error, 'INVALID_STATE')) throw error
          }),
      })),
  },
  {
    name: 'removes a committed file when it is cancelled',
    caughtBy: 'writer > cannot be cancelled after a commit',
    driver: driver =>
      changedWriters(driver, (writer, path) => ({
        cancel: () => writer.cancel().catch(() => driver.delete(path)),
      })),
  },
  {
    name: 'closes once only',
    caughtBy: 'writer > can be closed again, and after a commit or a cancel',
    driver: driver =>
      changedWriters(driver, writer => ({
        close: async () => {
          if (writer.writableFinished) throw new Error('already closed')
          await writer.close()
        },
      })),
  },
]

describe('the suite catches a driver that', () => itCatches(defects))
