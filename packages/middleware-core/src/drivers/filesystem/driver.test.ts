import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileInfo, StorageDriver } from '../../contract/index.ts'
import type { StorageError } from '../../contract/errors.ts'
import { findCapabilities, testDriver } from '../../testing/index.ts'
import { filesystem } from './index.ts'

let base: string
let rootDirectory: string
let storage: StorageDriver

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'longshore-'))
  rootDirectory = join(base, 'root')
  storage = filesystem({ rootDirectory })
})

afterEach(() => rm(base, { recursive: true, force: true }))

const another = (): StorageDriver => filesystem({ rootDirectory })
const onDisk = (...parts: string[]): string => join(rootDirectory, ...parts)
const text = async (path: string): Promise<string> => Buffer.from(await storage.getContent(path)).toString()

async function walked(path = '/'): Promise<string[]> {
  const entries: FileInfo[] = []
  for await (const entry of storage.walk(path)) entries.push(entry)
  return entries.map(entry => entry.path)
}

/** Deletes what another process may have deleted already. */
async function deleted(path: string): Promise<void> {
  const error: unknown = await another()
    .delete(path)
    .catch((error: unknown) => error)
  if (error !== undefined) expect(error).toMatchObject({ code: 'PATH_NOT_FOUND' })
}

async function place(path: string, content = 'foreign'): Promise<void> {
  await mkdir(join(onDisk(path), '..'), { recursive: true })
  await writeFile(onDisk(path), content)
}

testDriver(
  { describe, it },
  { name: 'filesystem', create: another, capabilities: await findCapabilities(another), exclusive: true },
)

describe('layout', () => {
  it('keeps a file at its path below the root directory, as Distribution does', async () => {
    await place('docker/registry/v2/blobs/data', 'from Distribution')
    expect(await text('/docker/registry/v2/blobs/data')).toBe('from Distribution')
    await storage.putContent('/docker/link', 'from here')
    expect(await readdir(onDisk('docker'))).toEqual(['link', 'registry'])
  })

  it('takes a root directory that does not exist as an empty storage', async () => {
    expect(await storage.list('/')).toEqual([])
    expect(await storage.stat('/')).toMatchObject({ path: '/', isDirectory: true })
    await expect(readdir(rootDirectory)).rejects.toThrow('ENOENT')
  })

  it('fails the health check when the root directory is none', async () => {
    await writeFile(rootDirectory, 'a file')
    await expect(storage.stat('/')).rejects.toMatchObject({ code: 'UNKNOWN', driver: 'filesystem' })
    await expect(storage.putContent('/a', 'x')).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' })
  })

  it('accepts the options of a Distribution configuration', () => {
    const options = { rootdirectory: rootDirectory, maxthreads: '100' } as Parameters<typeof filesystem>[0]
    expect(filesystem(options).name).toBe('filesystem')
  })
})

describe('what is not shown', () => {
  it('leaves out what crashes left', async () => {
    await storage.putContent('/a/file', 'x')
    await place('~temporary/half-written')
    await mkdir(onDisk('a', 'emptied', 'deep'), { recursive: true })
    expect(await storage.list('/')).toEqual(['/a'])
    expect(await storage.list('/a')).toEqual(['/a/file'])
    expect(await walked()).toEqual(['/a', '/a/file'])
    await expect(storage.stat('/a/emptied')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(storage.list('/a/emptied')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(storage.delete('/a/emptied')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('puts a file where an emptied directory was left', async () => {
    await mkdir(onDisk('a', 'emptied', 'deep'), { recursive: true })
    await storage.putContent('/a/emptied', 'x')
    expect(await text('/a/emptied')).toBe('x')
  })

  it('leaves out names that no path has, and links', async () => {
    await storage.putContent('/a/file', 'x')
    await writeFile(join(base, 'outside'), 'secret')
    await place('a/two\nlines')
    await place('a/bell\u0007/x')
    await symlink(join(base, 'outside'), onDisk('a', 'link'))
    await symlink(base, onDisk('a', 'directory-link'))
    expect(await storage.list('/a')).toEqual(['/a/file'])
    expect(await walked()).toEqual(['/a', '/a/file'])
    for (const path of ['/a/link', '/a/directory-link']) {
      await expect(storage.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.getContent(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.reader(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.move(path, '/b')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    }
  })

  it('refuses paths that lead out of the root directory', async () => {
    await writeFile(join(base, 'outside'), 'secret')
    for (const path of ['/../outside', '/a/../../outside', '/./a', '/~uploads', '/~temporary/x']) {
      await expect(storage.getContent(path)).rejects.toMatchObject({ code: 'INVALID_PATH' })
    }
  })
})

describe('directories', () => {
  it('removes directories that a delete, a move or a cancel empties, but not the root', async () => {
    await storage.putContent('/a/b/c/file', 'x')
    await storage.putContent('/a/other', 'x')
    await storage.delete('/a/b/c/file')
    expect(await readdir(onDisk('a'))).toEqual(['other'])
    await storage.move('/a/other', '/z/moved')
    expect(await readdir(rootDirectory)).not.toContain('a')
    await storage.delete('/z')
    const writer = await storage.writer('/u/v/upload')
    await writer.cancel()
    expect((await readdir(rootDirectory)).filter(name => !name.startsWith('~'))).toEqual([])
    expect(await readdir(onDisk('~temporary'))).toEqual([])
    expect(await readdir(onDisk('~uploads'))).toEqual([])
  })

  it('removes directories that the delete of a file only empties, and nothing that is no file', async () => {
    await storage.putContent('/a/b/c/file', 'x')
    await storage.putContent('/a/other', 'x')
    await mkdir(onDisk('a', 'emptied'))
    await symlink(join(base, 'outside'), onDisk('a', 'link'))
    for (const path of ['/a/b/c/file', '/a/emptied', '/a/link', '/a', '/a/other/below']) {
      await storage.delete(path, { fileOnly: true })
    }
    expect(await readdir(onDisk('a'))).toEqual(['emptied', 'link', 'other'])
  })

  it('leaves no directory behind for a move that found no source', async () => {
    await expect(storage.move('/absent', '/new/place')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(readdir(onDisk('new'))).rejects.toThrow('ENOENT')
  })

  it('never fails a write because somebody empties its directory', async () => {
    for (let round = 0; round < 50; round++) {
      await Promise.all([
        storage.putContent('/race/a/b/c/one', 'x'),
        deleted('/race/a'),
        storage.putContent('/race/a/b/two', 'y'),
        deleted('/race/a/b/c/one'),
        deleted('/race/a/b'),
      ])
      await storage.putContent('/race/a/b/c/last', `${round}`)
      expect(await text('/race/a/b/c/last')).toBe(`${round}`)
    }
  })

  it('gives concurrent readers one content or the other, never a mixture', async () => {
    const contents = ['a', 'b', 'c'].map((letter, index) => letter.repeat(50_000 * (index + 1)))
    await storage.putContent('/swap', 'a')
    const putAll = async (): Promise<void> => {
      for (const content of contents) await another().putContent('/swap', content)
    }
    const readMany = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) expect(['a', ...contents]).toContain(await text('/swap'))
    }
    await Promise.all([putAll(), readMany(), putAll(), readMany(), putAll()])
  })
})

describe('errors', () => {
  it('calls a path below a file absent, and refuses to write there', async () => {
    await storage.putContent('/file', 'x')
    for (const path of ['/file/below', '/file/far/below']) {
      await expect(storage.getContent(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND', path })
      await expect(storage.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.list(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.delete(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.move(path, '/new')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      await expect(storage.putContent(path, 'x')).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' })
      await expect(storage.move('/file', path)).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' })
    }
    expect(await text('/file')).toBe('x')
    expect(await readdir(onDisk('~temporary'))).toEqual([])
  })

  it('refuses to write a file over a directory', async () => {
    await storage.putContent('/a/b', 'x')
    await expect(storage.putContent('/a', 'y')).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' })
    await expect(storage.getContent('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(await text('/a/b')).toBe('x')
  })

  it('says when a name is longer than the file system takes, without telling where the files lie', async () => {
    const path = `/${'long'.repeat(100)}`
    await expect(storage.getContent(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(storage.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    const error: unknown = await storage.putContent(path, 'x').catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'INVALID_PATH', path })
    expect(JSON.stringify(error)).not.toContain(base)
  })

  const onLinux = process.platform === 'linux' ? it : it.skip
  onLinux('calls a full disk unavailable', async () => {
    await mkdir(onDisk('~uploads'), { recursive: true })
    await symlink('/dev/full', onDisk('~uploads', '~big+full.left'))
    const writer = await storage.writer('/big', { append: true })
    writer.write('more than fits')
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE', path: '/big' })
    await expect(storage.stat('/big')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('leaves nothing of a put that was aborted', async () => {
    const abort = new AbortController()
    const put = storage.putContent('/big', Buffer.alloc(32 << 20), { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(put).rejects.toThrow('enough')
    expect(await storage.list('/')).toEqual([])
    expect(await readdir(onDisk('~temporary'))).toEqual([])
  })

  it('says when it may not read or write', async () => {
    await storage.putContent('/a', 'x')
    await chmod(rootDirectory, 0o000)
    const calls = [
      () => storage.stat('/'),
      () => storage.list('/'),
      () => storage.getContent('/a'),
      () => storage.putContent('/b', 'x'),
    ]
    const codes = await withoutPrivileges(async () =>
      (await Promise.allSettled(calls.map(call => call()))).map(
        result => result.status === 'rejected' && (result.reason as StorageError).code,
      ),
    )
    await chmod(rootDirectory, 0o700)
    expect(codes).toEqual(calls.map(() => 'ACCESS_DENIED'))
  })
})

/** The super-user may do everything, so the test runs as somebody else. */
async function withoutPrivileges<T>(act: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act()
  process.seteuid?.('nobody')
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}
