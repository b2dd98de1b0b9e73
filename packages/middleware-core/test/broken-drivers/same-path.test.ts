import { describe } from '@jest/globals'
import { StorageError } from '../../src/contract/errors.ts'
import type { Upload } from '../../src/authoring/upload.ts'
import { type Defect, changedUploads, itCatches } from './broken-driver.ts'

/** The uploads that are under way at each path, the oldest first. */
function uploadsAtEachPath(): (path: string) => Upload[] {
  const uploads = new Map<string, Upload[]>()
  return path => {
    const here = uploads.get(path) ?? []
    uploads.set(path, here)
    return here
  }
}

const defects: Defect[] = [
  {
    name: 'keeps the bytes of all writers on a path in one place',
    caughtBy:
      'writers on one path > two open writers of 32 bytes publish their own, and the writer opened first is committed first',
    storage: storage => {
      const places = new Map<string, Upload>()
      return {
        writer: async (path, options) => {
          const upload = places.get(path) ?? (await storage.writer(path, options))
          places.set(path, upload)
          return upload
        },
      }
    },
  },
  {
    name: 'writes what it is given into every upload to the path',
    caughtBy: 'writers on one path > of many writers at once one is left, whole',
    storage: storage => {
      const uploadsTo = uploadsAtEachPath()
      return changedUploads(storage, (upload, path) => {
        uploadsTo(path).push(upload)
        return {
          write: async chunk => {
            for (const other of uploadsTo(path)) await other.write(chunk)
          },
        }
      })
    },
  },
  {
    name: 'publishes the upload that was closed last, whichever is committed',
    caughtBy:
      'writers on one path > two closed writers of 32 bytes publish their own, and the writer opened first is committed first',
    storage: storage => {
      const closed = new Map<string, Upload>()
      return changedUploads(storage, (upload, path) => ({
        close: async () => {
          closed.set(path, upload)
          await upload.close()
        },
        commit: signal => (closed.get(path) ?? upload).commit(signal),
      }))
    },
  },
  {
    name: 'refuses to commit whenever another writer is on the path',
    caughtBy:
      'writers on one path > two open writers of 32 bytes publish their own, and the writer opened last is committed first',
    storage: storage => {
      const uploadsTo = uploadsAtEachPath()
      return changedUploads(storage, (upload, path) => {
        uploadsTo(path).push(upload)
        return {
          commit: async options => {
            if (uploadsTo(path).length > 1) throw new StorageError('UPLOAD_NOT_FOUND', 'another writer is on the path')
            await upload.commit(options)
          },
        }
      })
    },
  },
  {
    name: 'cancels all uploads to the path',
    caughtBy: 'writers on one path > cancelling one of two writers of 32 bytes leaves the other alone',
    storage: storage => {
      const uploadsTo = uploadsAtEachPath()
      return changedUploads(storage, (upload, path) => {
        uploadsTo(path).push(upload)
        return {
          cancel: async () => {
            for (const other of uploadsTo(path)) await other.cancel()
          },
        }
      })
    },
  },
  {
    name: 'removes what another writer published when it is cancelled',
    caughtBy: 'writers on one path > cancelling a writer of 32 bytes keeps what another published meanwhile',
    storage: storage =>
      changedUploads(storage, (upload, path) => ({
        cancel: async () => {
          await upload.cancel()
          await storage.delete(path, {}).catch(() => {})
        },
      })),
  },
  {
    name: 'begins a new upload with what an abandoned one had',
    caughtBy: 'writers on one path > a new upload takes nothing from one of 32 bytes that was abandoned',
    storage: storage => ({
      writer: (path, options) =>
        storage.writer(path, { ...options, append: true }).catch(() => storage.writer(path, options)),
    }),
  },
  {
    name: 'continues the upload that was closed first',
    caughtBy: 'writers on one path > append continues the one of two uploads of 32 bytes that was closed last',
    storage: storage => {
      const closed = new Set<string>()
      return changedUploads(storage, (upload, path) => ({
        close: async () => {
          if (closed.has(path)) return
          closed.add(path)
          await upload.close()
        },
      }))
    },
  },
]

describe('the suite catches a driver that, where two write to one path,', () => itCatches(defects))
