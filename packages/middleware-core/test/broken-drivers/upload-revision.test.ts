import { describe } from '@jest/globals'
import { type Defect, changedUploads, changedWriters, itCatches } from './broken-driver.ts'

const defects: Defect[] = [
  {
    name: 'gives each look at an upload another',
    caughtBy: 'revision of an upload > stays the same while 32 bytes do',
    storage: storage => {
      let looks = 0
      return changedUploads(storage, () => ({
        get revision() {
          looks += 1
          return `${looks}`
        },
      }))
    },
  },
  {
    name: 'gives one to what is closed, and none to who continues it',
    caughtBy: 'revision of an upload > stays the same while 0 bytes do',
    storage: storage =>
      changedUploads(storage, upload => {
        let revision: string | undefined
        return {
          close: async () => {
            await upload.close()
            revision = upload.revision
          },
          get revision() {
            return revision
          },
        }
      }),
  },
  {
    name: 'gives an upload one for life',
    caughtBy: 'revision of an upload > is another once 32 bytes have become more',
    storage: storage =>
      changedUploads(storage, upload => ({
        get revision() {
          return upload.revision?.replace(/-\d+$/, '')
        },
      })),
  },
  {
    name: 'takes the size for one',
    caughtBy: 'revision of an upload > tells two uploads of 33 bytes apart',
    storage: storage =>
      changedUploads(storage, upload => ({
        get revision() {
          return `${upload.size}`
        },
      })),
  },
  {
    name: 'keeps that of the close before while more is written',
    caughtBy: 'revision of an upload > an upload of 32 bytes has none after a write',
    driver: driver => changedWriters(driver, ({ revision }) => ({ revision })),
  },
  {
    name: 'keeps that of the close before when a writer is destroyed',
    caughtBy: 'revision of an upload > stands for nothing that was written to 32 bytes and not closed',
    storage: storage => {
      const closed = new Map<string, string | undefined>()
      return changedUploads(storage, (upload, path) => ({
        close: async () => {
          await upload.close()
          closed.set(path, upload.revision)
        },
        get revision() {
          return closed.get(path)
        },
      }))
    },
  },
  {
    name: 'gives the path one',
    caughtBy: 'revision of an upload > is that of the upload which is continued',
    storage: storage => changedUploads(storage, (_, path) => ({ revision: path })),
  },
]

describe('the suite catches a driver that, of revisions of uploads,', () => itCatches(defects))
