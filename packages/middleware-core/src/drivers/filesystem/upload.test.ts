import { afterEach, describe, expect, it } from '@jest/globals'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageDriver } from '../../driver.ts'
import { filesystem } from '../filesystem.ts'

const rootDirectory = await mkdtemp(join(tmpdir(), 'longshore-'))
const uploads = join(rootDirectory, '~uploads')
const temporaries = join(rootDirectory, '~temporary')
const storage = filesystem({ rootDirectory })
/** What another process on the same directory would use. */
const another = (): StorageDriver => filesystem({ rootDirectory })

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

  it('sweeps by the time of the last write, below the given directory', async () => {
    for (const path of ['/a/old', '/a/new', '/ab/old', '/old']) {
      const writer = await storage.writer(path)
      writer.write('x')
      await writer.close()
    }
    await mkdir(temporaries)
    await writeFile(join(temporaries, 'old'), 'half of it')
    const long = new Date('2001-01-01')
    for (const name of ['~a~old', '~ab~old', '~old']) await utimes(join(uploads, name), long, long)
    await utimes(join(temporaries, 'old'), long, long)
    const olderThan = new Date('2002-01-01')
    expect(await storage.sweep({ olderThan, path: '/a' })).toEqual({ uploads: 1 })
    expect((await readdir(uploads)).toSorted()).toEqual(['~ab~old', '~a~new', '~old'].toSorted())
    expect(await storage.sweep({ olderThan })).toEqual({ uploads: 2 })
    expect(await readdir(uploads)).toEqual(['~a~new'])
    expect(await readdir(temporaries)).toEqual([])
  })

  it('refuses to commit or to close what a sweep discarded', async () => {
    const closed = await storage.writer('/a/closed')
    await closed.close()
    const open = await storage.writer('/a/open')
    open.write('x')
    await storage.sweep({ olderThan: new Date(Date.now() + 60_000) })
    await expect(closed.commit()).rejects.toMatchObject({ code: 'CONFLICT', path: '/a/closed' })
    await expect(open.close()).rejects.toMatchObject({ code: 'CONFLICT', path: '/a/open' })
    expect(await storage.list('/')).toEqual([])
  })

  it('dates a file by its commit, not by the last write', async () => {
    const writer = await storage.writer('/a')
    await writer.close()
    const long = new Date('2001-01-01')
    await utimes(join(uploads, '~a'), long, long)
    await writer.commit()
    expect((await storage.stat('/a')).modifiedAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
  })
})
