import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileWriter, StorageDriver } from '../../contract/index.ts'
import { isStorageError } from '../../contract/errors.ts'
import { filesystem } from './index.ts'

const rootDirectory = await mkdtemp(join(tmpdir(), 'longshore-'))
const uploads = join(rootDirectory, '~uploads')
const storage = filesystem({ rootDirectory })
/** Driver as another process on the same directory has it. */
const another = (): StorageDriver => filesystem({ rootDirectory })

/** Destroys a writer, and waits until it has let go. */
const destroyed = async (writer: FileWriter): Promise<void> => void (await once(writer.destroy(), 'close'))

/** Leaves a closed upload behind, and gives its revision. */
async function closedRevision(path: string, content: string): Promise<string> {
  const writer = await storage.writer(path)
  writer.write(content)
  await writer.close()
  return writer.revision ?? 'none'
}

/** The revision that a writer in another process finds. It writes nothing. */
async function foundRevision(path: string, leave: 'close' | 'destroy'): Promise<string | undefined> {
  const writer = await another().writer(path, { append: true })
  const { revision } = writer
  await (leave === 'close' ? writer.close() : destroyed(writer))
  return revision
}

/** Another writer was faster to continue, or to end, the upload. */
function expectOutrun(error: unknown): void {
  if (!isStorageError(error, 'UPLOAD_NOT_FOUND') && !isStorageError(error, 'PATH_NOT_FOUND')) throw error
}

afterEach(() => rm(rootDirectory, { recursive: true, force: true }))

describe('the revision of an upload', () => {
  it('stays the same however often it is looked at', async () => {
    const revision = await closedRevision('/a', 'content')
    for (const leave of ['close', 'destroy', 'destroy', 'close'] as const) {
      expect(await foundRevision('/a', leave)).toBe(revision)
    }
    const writer = await storage.writer('/a', { append: true })
    await writer.commit()
    expect(await storage.getContent('/a')).toEqual(Buffer.from('content'))
    expect(await readdir(uploads)).toEqual([])
  })

  it('is gone once something was added, closed or not', async () => {
    const revision = await closedRevision('/a', 'content')
    const added = await another().writer('/a', { append: true })
    added.write('more')
    await added.close()
    expect(added.revision).not.toBe(revision)
    expect(await foundRevision('/a', 'close')).toBe(added.revision)
    const cutOff = await another().writer('/a', { append: true })
    await new Promise(done => cutOff.write('even more', done))
    await destroyed(cutOff)
    expect(await foundRevision('/a', 'destroy')).toBeUndefined()
    const closed = await another().writer('/a', { append: true })
    await closed.close()
    expect(closed.revision).toEqual(expect.any(String))
    expect([revision, added.revision]).not.toContain(closed.revision)
  })

  it('is none while its writer may still write', async () => {
    const holder = await storage.writer('/a')
    await new Promise(done => holder.write('content', done))
    const continued = await another().writer('/a', { append: true })
    expect(continued.size).toBe(7)
    expect(continued.revision).toBeUndefined()
    await continued.close()
    await destroyed(holder)
    expect(await foundRevision('/a', 'close')).toBe(continued.revision)
  })

  it('is another when a crash of the machine took back that another writer went on, but not what it wrote', async () => {
    const revision = await closedRevision('/a', 'content')
    const [name = ''] = await readdir(uploads)
    const continued = await another().writer('/a', { append: true })
    continued.write('more')
    await destroyed(continued)
    const [left = ''] = await readdir(uploads)
    await rename(join(uploads, left), join(uploads, name))
    await appendFile(join(uploads, name), 'more')
    expect(await foundRevision('/a', 'close')).not.toBe(revision)
  })

  it('is there again after a commit that failed', async () => {
    await storage.putContent('/file', 'x')
    const writer = await storage.writer('/a', { destination: '/file/below' })
    writer.write('content')
    await expect(writer.commit()).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY', path: '/a' })
    expect(await foundRevision('/a', 'close')).toEqual(expect.any(String))
  })

  it('stands for the same bytes when many continue one upload at the same time', async () => {
    const known = new Map<string, string>()
    const compared: string[] = []
    const start = async (): Promise<void> => {
      const writer = await storage.writer('/a')
      await writer.close()
      known.set(writer.revision ?? 'none', '')
    }
    const goOn = async (worker: number, round: number): Promise<void> => {
      const destination = `/files/${worker}-${round}`
      const writer = await another().writer('/a', { append: true, destination })
      const found = known.get(writer.revision ?? '')
      if (round % 5 === 0) {
        await writer.commit()
        await start()
        if (found === undefined) return
        expect(Buffer.from(await storage.getContent(destination)).toString()).toBe(found)
        compared.push(found)
        return
      }
      const added = `${worker}-${round} `
      writer.write(added)
      await (round % 7 === 0 ? destroyed(writer) : writer.close())
      if (writer.revision !== undefined && found !== undefined) known.set(writer.revision, found + added)
    }
    const work = async (worker: number): Promise<void> => {
      for (let round = 1; compared.length < 20; round++) await goOn(worker, round).catch(expectOutrun)
    }
    await Promise.all([start(), start(), start()])
    await Promise.all([1, 2, 3].map(work))
  })
})
