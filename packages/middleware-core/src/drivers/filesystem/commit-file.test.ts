import { afterEach, describe, expect, it, jest } from '@jest/globals'
import * as fileSystem from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageDriver } from '../../contract/index.ts'

const { link, mkdir, mkdtemp, readFile, readdir, rm } = fileSystem

/** Makes hard links fail with its code, as on a file system that has none. */
const refusal: { code: string | undefined } = { code: undefined }

jest.unstable_mockModule('node:fs/promises', () => ({
  ...fileSystem,
  link: async (existing: string, added: string): Promise<void> => {
    if (refusal.code !== undefined) throw Object.assign(new Error('no hard links'), { code: refusal.code })
    await link(existing, added)
  },
}))
const { filesystem } = await import('./index.ts')

const rootDirectory = await mkdtemp(join(tmpdir(), 'longshore-'))
const uploads = join(rootDirectory, '~uploads')
const storage = filesystem({ rootDirectory })
/** Driver as another process on the same directory has it. */
const another = (): StorageDriver => filesystem({ rootDirectory })
const onDisk = (name: string): string => join(rootDirectory, name)

afterEach(async () => {
  refusal.code = undefined
  await rm(rootDirectory, { recursive: true, force: true })
})

describe('a file that is put only where none is', () => {
  it.each(['close', 'destroy'] as const)(
    'never changes when an upload of which a crash left the name, after a %s, is continued',
    async end => {
      const writer = await storage.writer('/a')
      await new Promise(done => writer.write('committed', done))
      if (end === 'close') await writer.close()
      else await new Promise(done => writer.destroy().once('close', done))
      const [name = ''] = await readdir(uploads)
      // The commit gives the upload its second name, and the machine stops before the first is removed.
      await link(join(uploads, name), onDisk('a'))
      const { revision } = await storage.stat('/a')
      const continued = await another().writer('/a', { append: true })
      continued.write(' and more')
      await continued.close()
      expect(await readFile(onDisk('a'), 'utf8')).toBe('committed')
      expect((await storage.stat('/a')).revision).toBe(revision)
      await continued.cancel()
      expect(await readdir(uploads)).toEqual([])
      expect(await readFile(onDisk('a'), 'utf8')).toBe('committed')
    },
  )

  it('is one of many, also where an emptied directory was left', async () => {
    for (let round = 0; round < 40; round++) {
      await mkdir(onDisk(`${round}/emptied`), { recursive: true })
      const contents = Array.from({ length: 8 }, (_, index) => `content ${index}`)
      const puts = contents.map(content => another().putContent(`/${round}`, content, { ifAbsent: true }))
      const results = await Promise.allSettled(puts)
      const winners = contents.filter((_, index) => results[index]?.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      expect(await readFile(onDisk(`${round}`), 'utf8')).toBe(winners[0])
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PRECONDITION_FAILED' })
      }
    }
  })

  it.each(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EMLINK'])(
    'is not supported where a file system answers %s to hard links, and nothing is changed',
    async code => {
      await storage.putContent('/there', 'x')
      refusal.code = code
      await expect(storage.putContent('/a', 'x', { ifAbsent: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      const writer = await storage.writer('/a')
      writer.write('content')
      await expect(writer.commit({ ifAbsent: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      expect(await storage.list('/')).toEqual(['/there'])
      expect(await readdir(onDisk('~temporary'))).toEqual([])
      const continued = await another().writer('/a', { append: true })
      await continued.commit()
      expect(await readFile(onDisk('a'), 'utf8')).toBe('content')
    },
  )
})
