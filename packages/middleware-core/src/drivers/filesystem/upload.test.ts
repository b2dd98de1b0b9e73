import { afterEach, describe, expect, it } from '@jest/globals'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageDriver } from '../../contract/index.ts'
import { filesystem } from './index.ts'

const rootDirectory = await mkdtemp(join(tmpdir(), 'longshore-'))
const uploads = join(rootDirectory, '~uploads')
const temporaries = join(rootDirectory, '~temporary')
const storage = filesystem({ rootDirectory })
/** Driver as another process on the same directory has it. */
const another = (): StorageDriver => filesystem({ rootDirectory })

const longAgo = new Date('2001-01-01')

/** The paths that uploads lead to, with `~` for each slash. */
const uploadPaths = async (): Promise<string[]> =>
  (await readdir(uploads)).map(name => name.replace(/\+.*/, '')).toSorted()

/** Makes the uploads to a path look as if nobody had touched them for long. */
async function age(path: string): Promise<void> {
  const names = (await readdir(uploads)).filter(name => name.startsWith(`${path}+`))
  for (const name of names) await utimes(join(uploads, name), longAgo, longAgo)
}

afterEach(() => rm(rootDirectory, { recursive: true, force: true }))

describe('uploads', () => {
  it('continues in another process what was closed, and what was cut off', async () => {
    const first = await storage.writer('/up/load')
    first.write('one ')
    await first.close()
    const second = await another().writer('/up/load', { append: true })
    expect(second.size).toBe(4)
    await new Promise(done => second.write('two ', done))
    second.destroy()
    await new Promise(done => second.once('close', done))
    const third = await another().writer('/up/load', { append: true })
    expect(third.size).toBe(8)
    expect(await storage.list('/')).toEqual([])
    third.write('three')
    await third.commit()
    expect(await storage.getContent('/up/load')).toEqual(Buffer.from('one two three'))
    expect(await readdir(uploads)).toEqual([])
  })

  it('continues what a process wrote that ended without a word', async () => {
    const lost = await storage.writer('/a')
    await new Promise(done => lost.write('written', done))
    const continued = await another().writer('/a', { append: true })
    expect(continued.size).toBe(7)
    await continued.commit()
    expect(await storage.getContent('/a')).toEqual(Buffer.from('written'))
    lost.destroy()
  })

  it('never lets a former writer change what was committed', async () => {
    const holders = [await storage.writer('/a')]
    for (const part of ['one ', 'two ', 'three']) {
      const holder = holders.at(-1)
      await new Promise(done => holder?.write(part, done))
      holders.push(await another().writer('/a', { append: true }))
    }
    const last = holders.pop()
    await last?.commit()
    for (const holder of holders) {
      holder.write('evil')
      await expect(holder.close()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND', path: '/a' })
    }
    expect(await storage.getContent('/a')).toEqual(Buffer.from('one two three'))
    expect(await readdir(uploads)).toEqual([])
    expect(await readdir(temporaries)).toEqual([])
  })

  it.each(['commit', 'close'] as const)(
    'refuses the %s of a writer whose closed upload another continues',
    async end => {
      const first = await storage.writer('/a')
      first.write('one')
      await first.close()
      const second = await another().writer('/a', { append: true })
      second.write(' two')
      if (end === 'commit') await expect(first.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND', path: '/a' })
      else await first.close()
      await first.cancel()
      await second.commit()
      expect(await storage.getContent('/a')).toEqual(Buffer.from('one two'))
    },
  )

  it('copies nothing of an upload that its writer let go of', async () => {
    const first = await storage.writer('/a')
    first.write('one')
    await first.close()
    const [name = ''] = await readdir(uploads)
    const { ino } = await stat(join(uploads, name))
    const second = await another().writer('/a', { append: true })
    second.write(' two')
    second.destroy()
    await new Promise(done => second.once('close', done))
    await (await storage.writer('/a', { append: true })).commit()
    expect((await stat(join(rootDirectory, 'a'))).ino).toBe(ino)
  })

  it('takes paths whose length only a directory of its own could hold as a name', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `component-${index}`)
    const paths = ['one', 'two'].map(end => `/${names.join('/')}/${end}`)
    for (const path of paths) {
      const writer = await storage.writer(path)
      writer.write(path)
      await writer.close()
    }
    for (const path of paths) {
      const writer = await another().writer(path, { append: true })
      await writer.commit()
      expect(await storage.getContent(path)).toEqual(Buffer.from(path))
    }
  })

  it('never refuses a commit because of another writer on the path', async () => {
    const writers = [await storage.writer('/a'), await another().writer('/a'), await storage.writer('/a')]
    for (const [index, writer] of writers.entries()) writer.write(`${index}`)
    for (const index of [1, 0, 2]) {
      await writers[index]?.commit()
      expect(await storage.getContent('/a')).toEqual(Buffer.from(`${index}`))
    }
    expect(await readdir(uploads)).toEqual([])
  })

  it('continues the upload before when the last one is gone', async () => {
    const [older, newer] = [await storage.writer('/a'), await storage.writer('/a')]
    older.write('older')
    newer.write('newer one')
    await older.close()
    await newer.close()
    await newer.cancel()
    const continued = await another().writer('/a', { append: true })
    expect(continued.size).toBe(5)
    await continued.commit()
    expect(await storage.getContent('/a')).toEqual(Buffer.from('older'))
  })

  it('sweeps one of two uploads to a path when only that one is old', async () => {
    const old = await storage.writer('/a')
    await old.close()
    await age('~a')
    const young = await storage.writer('/a')
    expect(await storage.purgeUploads({ olderThan: new Date('2002-01-01'), path: '/a' })).toEqual({ uploads: 1 })
    await expect(old.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await young.commit()
  })

  it('sweeps by the time of the last write, below the given directory', async () => {
    for (const path of ['/a/old', '/a/new', '/ab/old', '/old']) {
      const writer = await storage.writer(path)
      writer.write('x')
      await writer.close()
    }
    await mkdir(temporaries)
    await writeFile(join(temporaries, 'old'), 'half of it')
    for (const path of ['~a~old', '~ab~old', '~old']) await age(path)
    await utimes(join(temporaries, 'old'), longAgo, longAgo)
    const olderThan = new Date('2002-01-01')
    expect(await storage.purgeUploads({ olderThan, path: '/a' })).toEqual({ uploads: 1 })
    expect(await uploadPaths()).toEqual(['~ab~old', '~a~new', '~old'].toSorted())
    expect(await storage.purgeUploads({ olderThan })).toEqual({ uploads: 2 })
    expect(await uploadPaths()).toEqual(['~a~new'])
    expect(await readdir(temporaries)).toEqual([])
  })

  it('refuses to commit or to close what a purge discarded', async () => {
    const closed = await storage.writer('/a/closed')
    await closed.close()
    const open = await storage.writer('/a/open')
    open.write('x')
    await storage.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    await expect(closed.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND', path: '/a/closed' })
    await expect(open.close()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND', path: '/a/open' })
    expect(await storage.list('/')).toEqual([])
  })

  it('dates a file by its commit, not by the last write', async () => {
    const writer = await storage.writer('/a')
    await writer.close()
    await age('~a')
    await writer.commit()
    expect((await storage.stat('/a')).modifiedAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
  })
})

describe('a destination', () => {
  it('takes the file itself, not a copy', async () => {
    const writer = await storage.writer('/uploads/1/data')
    writer.write('content')
    await writer.close()
    const [name = ''] = await readdir(uploads)
    const { ino } = await stat(join(uploads, name))
    await (await another().writer('/uploads/1/data', { append: true, destination: '/blobs/ab/data' })).commit()
    expect((await stat(join(rootDirectory, 'blobs/ab/data'))).ino).toBe(ino)
    expect(await readdir(uploads)).toEqual([])
    expect((await readdir(rootDirectory)).filter(entry => !entry.startsWith('~'))).toEqual(['blobs'])
  })

  it('that cannot be keeps the upload, and leaves no directory behind', async () => {
    await storage.putContent('/file', 'x')
    await storage.putContent('/directory/file', 'x')
    for (const destination of ['/file/far/below', '/directory', `/new/${'long'.repeat(100)}`]) {
      const writer = await storage.writer('/a', { destination })
      writer.write('content')
      await expect(writer.commit()).rejects.toMatchObject({ path: '/a' })
      expect((await readdir(rootDirectory)).filter(name => !name.startsWith('~'))).toEqual(['directory', 'file'])
      const continued = await another().writer('/a', { append: true })
      expect(continued.size).toBe(7)
      await continued.cancel()
    }
    expect(await storage.getContent('/directory/file')).toEqual(Buffer.from('x'))
  })
})
