import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import * as z from 'zod/mini'
import { type Outcome, longshore as run } from '../../test/cli/longshore.ts'
import type { ReadOptions, WriteOptions } from '../contract/call-options.ts'
import type { FileWriter } from '../contract/file-writer.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import { filesystem } from '../drivers/filesystem/index.ts'
import { defineMiddleware } from '../middleware/define-middleware.ts'
import { ForwardingDriver } from '../middleware/forwarding-driver.ts'
import { Interruption } from './context/cli-context.ts'

const MiB = 1 << 20
const large = randomBytes(40 * MiB)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

let directory: string
let config: string
let storage: StorageDriver
/** Called with the bytes that went through the stack so far. */
let onBytes = (_bytes: number): void => {}

/** Tells of bytes on their way. */
class Observed extends ForwardingDriver {
  override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    const writer = await super.writer(path, options)
    const write = writer.write.bind(writer) as (chunk: Uint8Array) => boolean
    let bytes = 0
    return Object.assign(writer, {
      write(chunk: Uint8Array) {
        onBytes((bytes += chunk.length))
        return write(chunk)
      },
    })
  }

  override async reader(path: string, options?: ReadOptions): Promise<Readable> {
    const inner = await super.reader(path, options)
    return Readable.from(observe(inner), { objectMode: false })
  }
}

async function* observe(chunks: AsyncIterable<unknown>): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    yield chunk as Uint8Array
    onBytes((bytes += (chunk as Uint8Array).length))
  }
}

const observed = defineMiddleware({ name: 'observed', options: z.object({}), wrap: driver => new Observed(driver) })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-cp-'))
  config = local('config.yml')
  await writeFile(
    config,
    `storage: {filesystem: {rootdirectory: ${local('storage')}}}\nmiddleware: {storage: [{name: observed}]}\n`,
  )
  storage = filesystem({ rootDirectory: local('storage') })
  onBytes = () => {}
})
afterEach(async () => {
  await storage[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const local = (name: string): string => join(directory, name)

async function cp(args: string[], context: Parameters<typeof run>[1] = {}): Promise<Outcome> {
  const load = (): Promise<unknown> => Promise.resolve({ default: observed })
  const outcome = await run(['cp', config, ...args], { load, env: { XDG_STATE_HOME: local('state') }, ...context })
  return { ...outcome, error: outcome.error.replaceAll(`${directory}/`, '') }
}

/** Runs a copy that is interrupted once so many bytes went through. */
function interruptedCp(args: string[], after: number): Promise<Outcome> {
  const interruption = new AbortController()
  onBytes = bytes => {
    if (bytes >= after) interruption.abort(new Interruption('interrupted', 130))
  }
  return cp(args, { signal: interruption.signal }).finally(() => {
    onBytes = () => {}
  })
}

async function filesIn(name: string): Promise<string[]> {
  const entries = await readdir(local(name), { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => !entry.isDirectory()).map(entry => entry.name)
}

const blob = (hex: string): string => `/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`

describe('longshore cp of a file', () => {
  it('copies it into the storage, out of it and within it', async () => {
    await writeFile(local('large'), large)
    const up = await cp([local('large'), 'storage:/dir/file', '--json'])
    expect(up.error).toMatch(new RegExp(`^/dir/file: 40 MiB in .*/s, sha256:${sha256(large)}\n$`))
    expect(JSON.parse(up.out)).toEqual({
      source: local('large'),
      destination: '/dir/file',
      bytes: large.length,
      sha256: sha256(large),
      isReadBack: false,
    })
    expect(await cp(['storage:/dir/file', 'storage:/copies/', '-q'])).toMatchObject({ code: 0, out: '', error: '' })
    expect(await cp(['storage:/copies/file', directory, '--verify'])).toMatchObject({
      code: 0,
      error: expect.stringMatching(/^file: 40 MiB in .*, read back\n$/),
    })
    expect(large.equals(await readFile(local('file')))).toBe(true)
    expect(await filesIn('state')).toEqual([])
    expect((await readdir(directory)).filter(name => name.endsWith('.part'))).toEqual([])
  })

  it('puts it into a directory, of this machine or of the storage', async () => {
    await storage.putContent('/dir/a', 'a')
    await writeFile(local('b'), '')
    await cp([local('b'), 'storage:/dir'])
    await cp([local('b'), 'storage:/new/'])
    expect(await storage.list('/dir')).toEqual(['/dir/a', '/dir/b'])
    expect(await storage.list('/new')).toEqual(['/new/b'])
    await cp(['storage:/dir/a', `${directory}/`])
    expect(await readFile(local('a'), 'utf8')).toBe('a')
  })

  it('copies the standard input and to the standard output', async () => {
    expect(await cp(['-', 'storage:/in'], { input: 'text' })).toMatchObject({ code: 0 })
    expect(await cp(['storage:/in', '-', '-q'])).toMatchObject({ code: 0, bytes: Buffer.from('text'), out: '' })
  })

  it('tells in one line what is wrong', async () => {
    await storage.putContent('/dir/a', 'a')
    const errors: [string[], string][] = [
      [['x', 'y'], 'x to y: found two local names; accepted: storage:/path for one of them, or both'],
      [[local('x'), 'storage:/x'], 'x: there is no such file or directory'],
      [[directory, 'storage:/x'], `${directory} is a directory; accepted with -r`],
      [['storage:/dir', local('x')], '/dir is a directory; accepted with -r'],
      [['storage:/x', local('x')], 'filesystem: path not found: /x'],
      [['storage:/dir/a', 'storage:/dir'], '/dir/a: found the source, or what is below it; accepted: another path'],
      [['storage:/dir/a', local('x/y')], 'x/y: there is no such file or directory'],
      [['/dev/null', 'storage:/x'], '/dev/null: found something else than a file; accepted: a file'],
    ]
    for (const [args, error] of errors) expect(await cp(args)).toMatchObject({ code: 1, out: '', error: `${error}\n` })
  })
})

describe('an upload that was interrupted', () => {
  it('is continued by the same command, and trusted by its revision', async () => {
    await writeFile(local('large'), large)
    const interrupted = await interruptedCp([local('large'), 'storage:/file'], 20 * MiB)
    expect(interrupted).toMatchObject({
      code: 130,
      error: expect.stringMatching(/^interrupted at \d+ %; the same command again continues from there\n$/),
    })
    await expect(storage.stat('/file')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    const { code, error } = await cp([local('large'), 'storage:/file'])
    expect({ code, error }).toEqual({
      code: 0,
      error: expect.stringMatching(/^large: continued at 2\d(\.\d)? MiB\n\/file: .*\n$/),
    })
    expect(error).not.toMatch('read back')
    expect(large.equals(await storage.getContent('/file'))).toBe(true)
    expect(await storage.list('/')).toEqual(['/file'])
    expect(await filesIn('state')).toEqual([])
    expect(await filesIn('storage/~uploads')).toEqual([])
  })

  it('begins anew where the file is another by now, and what was sent of the old one is gone', async () => {
    await writeFile(local('large'), large)
    await interruptedCp([local('large'), 'storage:/file'], 20 * MiB)
    const { atime, mtime } = await stat(local('large'))
    const other = Buffer.from(large).fill(1, 0, MiB)
    await writeFile(local('large'), other)
    await utimes(local('large'), atime, mtime)
    const { code, error } = await cp([local('large'), 'storage:/file'])
    expect({ code, error }).toEqual({ code: 0, error: expect.not.stringContaining('continued') })
    expect(other.equals(await storage.getContent('/file'))).toBe(true)
    expect(await filesIn('storage/~uploads')).toEqual([])
  })

  it('begins anew where the upload was swept', async () => {
    await writeFile(local('large'), large)
    await interruptedCp([local('large'), 'storage:/file'], 20 * MiB)
    await storage.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    expect(await cp([local('large'), 'storage:/file'])).toMatchObject({
      code: 0,
      error: expect.not.stringContaining('continued'),
    })
    expect(large.equals(await storage.getContent('/file'))).toBe(true)
  })

  it('is left alone by an upload of another file to the same place', async () => {
    await writeFile(local('large'), large)
    const other = randomBytes(17 * MiB)
    await writeFile(local('other'), other)
    await interruptedCp([local('large'), 'storage:/file'], 20 * MiB)
    expect(await cp([local('other'), 'storage:/file'])).toMatchObject({ code: 0 })
    expect(other.equals(await storage.getContent('/file'))).toBe(true)
    expect((await cp([local('large'), 'storage:/file'])).error).toMatch(/continued at/)
    expect(large.equals(await storage.getContent('/file'))).toBe(true)
  })

  it('can be one within the storage', async () => {
    await storage.putContent('/source', large)
    await interruptedCp(['storage:/source', 'storage:/copy'], 20 * MiB)
    expect((await cp(['storage:/source', 'storage:/copy'])).error).toMatch(/\/source: continued at/)
    expect(large.equals(await storage.getContent('/copy'))).toBe(true)
  })

  it('is said to be impossible where nothing can be remembered', async () => {
    await writeFile(local('large'), large)
    await writeFile(local('state'), 'a file')
    const { code, error } = await cp([local('large'), 'storage:/file'])
    expect(code).toBe(0)
    expect(error).toMatch(
      /^large: cannot be continued if it is interrupted: state\/longshore\/uploads: a file is where/,
    )
    expect(large.equals(await storage.getContent('/file'))).toBe(true)
  })
})

describe('a download that was interrupted', () => {
  beforeEach(() => storage.putContent('/file', large))

  it('is continued by the same command', async () => {
    expect(await interruptedCp(['storage:/file', local('file')], 30 * MiB)).toMatchObject({ code: 130 })
    const part = (await readdir(directory)).find(name => name.endsWith('.part'))
    expect(part).toMatch(/^file\.[0-9a-f]{16}\.part$/)
    const { code, error } = await cp(['storage:/file', local('file')])
    expect({ code, error }).toEqual({ code: 0, error: expect.stringMatching(/^\/file: continued at 1\d(\.\d)? MiB\n/) })
    expect(large.equals(await readFile(local('file')))).toBe(true)
    expect((await readdir(directory)).filter(name => name.endsWith('.part'))).toEqual([])
  })

  it('begins anew where the file is another by now', async () => {
    await interruptedCp(['storage:/file', local('file')], 30 * MiB)
    const other = Buffer.from(large).fill(1, 0, MiB)
    await storage.putContent('/file', other)
    expect(await cp(['storage:/file', local('file')])).toMatchObject({
      code: 0,
      error: expect.not.stringContaining('continued'),
    })
    expect(other.equals(await readFile(local('file')))).toBe(true)
    expect((await readdir(directory)).filter(name => name.endsWith('.part'))).toEqual([])
  })

  it('leaves what was at its target until all of it is there', async () => {
    await writeFile(local('file'), 'former')
    await interruptedCp(['storage:/file', local('file')], 30 * MiB)
    expect(await readFile(local('file'), 'utf8')).toBe('former')
  })
})

describe('content that is not what it should be', () => {
  it('is not stored where the file changes while it is copied', async () => {
    await writeFile(local('large'), large)
    onBytes = () => void writeFile(local('large'), 'x', { flag: 'a' })
    const { code, error } = await cp([local('large'), 'storage:/file'])
    onBytes = () => {}
    expect({ code, error }).toEqual({
      code: 1,
      error: 'large: changed while it was being copied; nothing of it was stored\n',
    })
    expect(await filesIn('storage')).toEqual([])
    expect(await filesIn('state')).toEqual([])
  })

  it('is not stored, nor kept, at the path of a blob with another digest', async () => {
    const path = blob(sha256(large))
    await writeFile(local('small'), 'other')
    await writeFile(local('big'), Buffer.alloc(17 * MiB))
    for (const name of ['small', 'big']) {
      expect(await cp([local(name), `storage:${path}`])).toMatchObject({
        code: 1,
        error: expect.stringMatching(/wrong content for \/docker.*: its SHA-256 is [0-9a-f]{64}\n$/),
      })
    }
    expect(await filesIn('storage')).toEqual([])
    await storage.putContent(path, 'damaged')
    expect(await cp([`storage:${path}`, local('data')])).toMatchObject({ code: 1 })
    expect(await readdir(directory)).not.toContainEqual(expect.stringMatching(/^data/))
  })
})

describe('longshore cp -r', () => {
  beforeEach(async () => {
    await mkdir(local('tree/sub'), { recursive: true })
    for (const [name, content] of Object.entries({ a: 'A', 'sub/b': 'B', 'sub/c': '' })) {
      await writeFile(local(`tree/${name}`), content)
    }
  })

  it('copies what is below a directory, there and back', async () => {
    expect(await cp(['-r', local('tree'), 'storage:/up'])).toMatchObject({
      code: 0,
      error: expect.stringMatching(/^3 files copied, 2 B in /),
    })
    expect(await cp(['-r', 'storage:/up', 'storage:/again', '-q'])).toMatchObject({ code: 0, error: '' })
    const { out } = await cp(['-r', 'storage:/again/', local('down/here'), '--json'])
    expect(out.trim().split('\n')).toHaveLength(3)
    expect(await readFile(local('down/here/sub/b'), 'utf8')).toBe('B')
    expect((await filesIn('down')).toSorted()).toEqual(['a', 'b', 'c'])
  })

  it.each(['up', 'down'])('goes on after an interruption with what neither side has, or has changed: %s', async way => {
    await writeFile(local('tree/z'), large)
    if (way === 'down') await cp(['-r', local('tree'), 'storage:/up'])
    const args = way === 'up' ? ['-r', local('tree'), 'storage:/up'] : ['-r', 'storage:/up', local('down')]
    const read = (name: string): Promise<Uint8Array> =>
      way === 'up' ? storage.getContent(`/up/${name}`) : readFile(local(`down/${name}`))
    expect(await interruptedCp(args, 20 * MiB)).toMatchObject({ code: 130 })
    // One of those that are complete is damaged, and one is another at its source.
    if (way === 'up') {
      await storage.putContent('/up/a', 'damaged')
      await writeFile(local('tree/sub/b'), 'new')
    } else {
      await writeFile(local('down/a'), 'damaged')
      await storage.putContent('/up/sub/b', 'new')
    }
    const { code, error } = await cp(args)
    expect({ code, error }).toEqual({
      code: 0,
      error: expect.stringMatching(/z: continued at [^]*\n4 files copied, 1 of them earlier, 40 MiB in /),
    })
    expect(Buffer.from(await read('a')).toString()).toBe('A')
    expect(Buffer.from(await read('sub/b')).toString()).toBe('new')
    expect(large.equals(await read('z'))).toBe(true)
    expect(await filesIn('state')).toEqual([])
  })

  it('goes on after what cannot be copied, and fails in the end', async () => {
    await symlink(local('config.yml'), local('tree/link'))
    await writeFile(local('tree/\u0001'), '')
    const { code, error } = await cp(['-r', local('tree'), 'storage:/up'])
    expect(code).toBe(1)
    expect(error).toMatch(/^tree\/link: neither a file nor a directory; not copied\n/)
    expect(error).toMatch(/invalid path: .*\n[^]*2 entries of 5 not copied\n$/)
    expect((await filesIn('storage')).toSorted()).toEqual(['a', 'b', 'c'])
  })
})
