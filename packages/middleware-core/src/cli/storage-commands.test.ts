import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Outcome, longshore as run } from '../../test/cli/longshore.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import { filesystem } from '../drivers/filesystem/index.ts'
import { Interruption } from './context/cli-context.ts'

let directory: string
let config: string
let storage: StorageDriver

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-cli-'))
  config = join(directory, 'config.yml')
  const rootDirectory = join(directory, 'storage')
  await writeFile(config, `storage: {filesystem: {rootdirectory: ${rootDirectory}}}\n`)
  storage = filesystem({ rootDirectory })
  for (const [path, size] of Object.entries({ '/a/1': 1, '/a/b/2': 2000, '/a/b/3': 3, '/a.txt': 4 })) {
    await storage.putContent(path, 'x'.repeat(size))
  }
})
afterEach(async () => {
  await storage[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const longshore = ([command = '', ...args]: string[], context?: Parameters<typeof run>[1]): Promise<Outcome> =>
  run([command, config, ...args], context)

async function files(): Promise<string[]> {
  const found: string[] = []
  for await (const { path, isDirectory } of storage.walk('/')) if (!isDirectory) found.push(path)
  return found
}

const failed = (error: string): object => ({ code: 1, out: '', error: `${error}\n` })

describe('longshore ls', () => {
  it('lists a directory, the root unless another is named', async () => {
    expect(await longshore(['ls'])).toMatchObject({ code: 0, out: '/a\n/a.txt\n', error: '' })
    for (const path of ['/a', '/a/', 'storage:/a']) expect((await longshore(['ls', path])).out).toBe('/a/1\n/a/b\n')
    expect((await longshore(['ls', '/a.txt'])).out).toBe('/a.txt\n')
  })

  it('tells sizes and times, for people and for programs', async () => {
    const { out } = await longshore(['ls', '-l', '/a'])
    expect(out).toMatch(/^ +1 B {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}\/a\/1\n +- {2}- +\/a\/b\/\n$/)
    const lines = (await longshore(['ls', '--json', '/a'])).out.trim().split('\n')
    expect(lines.map(line => JSON.parse(line) as object)).toMatchObject([
      { path: '/a/1', size: 1, isDirectory: false, modifiedAt: expect.stringMatching(/Z$/) },
      { path: '/a/b', isDirectory: true },
    ])
  })

  it('tells that nothing is there, or that the path is none', async () => {
    for (const flags of [[], ['-l']]) {
      expect(await longshore(['ls', '/x', ...flags])).toMatchObject(failed('filesystem: path not found: /x'))
    }
    expect((await longshore(['ls', 'x'])).error).toMatch(/^invalid path: "x"; accepted: an absolute path .*\n$/)
    expect((await longshore(['ls', '/a//b'])).error).toMatch(/^filesystem: invalid path: .*\n$/)
  })
})

describe('longshore stat', () => {
  it('tells what is at a path', async () => {
    const { out } = await longshore(['stat', '/a/b/2'])
    expect(out).toMatch(
      /^path {10}\/a\/b\/2\nkind {10}file\nkey {11}a\/b\/2\nsize {10}2 KiB \(2000 B\)\nmodified .*\nrevision /,
    )
    expect((await longshore(['stat', '/a'])).out).toBe('path          /a\nkind          directory\n')
    const info: unknown = JSON.parse((await longshore(['stat', '/a/b/2', '--json'])).out)
    expect(info).toMatchObject({ path: '/a/b/2', size: 2000, isDirectory: false, key: 'a/b/2' })
    expect(await longshore(['stat', '/x'])).toMatchObject(failed('filesystem: path not found: /x'))
  })
})

describe('longshore cat', () => {
  it('prints a file, or a part of it', async () => {
    await storage.putContent('/bytes', Buffer.from([0, 255, 10, 13]))
    expect((await longshore(['cat', '/bytes'])).bytes).toEqual(Buffer.from([0, 255, 10, 13]))
    const { bytes } = await longshore(['cat', '/bytes', '--offset', '1', '--length', '2'])
    expect(bytes).toEqual(Buffer.from([255, 10]))
    expect(await longshore(['cat', '/x'])).toMatchObject(failed('filesystem: path not found: /x'))
    expect(await longshore(['cat', '/bytes', '--offset', '-1'])).toMatchObject({ code: 2 })
  })
})

describe('longshore walk', () => {
  it('lists everything below a directory', async () => {
    expect((await longshore(['walk'])).out).toBe('/a.txt\n/a/\n/a/1\n/a/b/\n/a/b/2\n/a/b/3\n')
    expect((await longshore(['walk', '/a/b', '--files', '--start-after', '/a/b/2'])).out).toBe('/a/b/3\n')
    expect((await longshore(['walk', '/a/b', '--json', '--files'])).out).toMatch(/^\{"path":"\/a\/b\/2",.*\n\{.*\n$/)
    expect((await longshore(['walk', '/x'])).out).toBe('')
  })

  it('ends with 130 where it is interrupted', async () => {
    const signal = AbortSignal.abort(new Interruption('interrupted', 130))
    expect(await longshore(['walk'], { signal })).toMatchObject({ code: 130, out: '', error: 'interrupted\n' })
  })
})

describe('longshore du', () => {
  it('sums sizes, directory by directory', async () => {
    const { out } = await longshore(['du', '--bytes'])
    expect(out.split('\n').map(line => line.trim().split(/ +/))).toEqual([
      ['2004', '3', '/a'],
      ['2008', '4', '/'],
      [''],
    ])
    const deep = (await longshore(['du', '--depth', '2', '/'])).out
    expect(deep.split('\n').map(line => line.trim())).toEqual([
      '2 KiB          2  /a/b',
      '2 KiB          3  /a',
      '2 KiB          4  /',
      '',
    ])
    expect((await longshore(['du', '--depth', '0', '--json', '/a'])).out).toBe('{"path":"/a","bytes":2004,"files":3}\n')
    expect((await longshore(['du', '--json', '/a.txt'])).out).toBe('{"path":"/a.txt","bytes":4,"files":1}\n')
    expect(await longshore(['du', '/x'])).toMatchObject(failed('filesystem: path not found: /x'))
  })
})

describe('longshore rm', () => {
  it('removes files, and directories only with -r', async () => {
    expect(await longshore(['rm', '/a/1', '/a.txt'])).toMatchObject({ code: 0, out: '', error: '' })
    expect(await files()).toEqual(['/a/b/2', '/a/b/3'])
    expect(await longshore(['rm', '/a'])).toMatchObject(failed('/a is a directory; accepted with -r'))
    expect(await longshore(['rm', '-r', '/a'])).toMatchObject({ code: 0 })
    expect(await files()).toEqual([])
  })

  it('removes nothing where one of the paths is wrong, nor for the root, nor on a dry run', async () => {
    const before = await files()
    expect(await longshore(['rm', '/a/1', '/x'])).toMatchObject(failed('filesystem: path not found: /x'))
    expect(await longshore(['rm', '-r', '/'])).toMatchObject({ code: 1, error: expect.stringMatching(/invalid path/) })
    const preview = await longshore(['rm', '-r', '--dry-run', '/a/b', '/a.txt'])
    expect(preview).toMatchObject({ code: 0, error: '' })
    expect(preview.out).toBe(
      'would remove /a/b/2 (2 KiB)\nwould remove /a/b/3 (3 B)\nwould remove /a/b/ with 2 files (2 KiB)\nwould remove /a.txt (4 B)\n',
    )
    expect(await files()).toEqual(before)
  })
})

describe('longshore mv', () => {
  it('moves a file to a path, or into a directory', async () => {
    await longshore(['mv', '/a.txt', '/new'])
    await longshore(['mv', '/new', '/a'])
    await longshore(['mv', '/a/1', '/c/'])
    expect(await files()).toEqual(['/a/b/2', '/a/b/3', '/a/new', '/c/1'])
  })

  it('moves what is below a directory with -r', async () => {
    expect(await longshore(['mv', '/a', '/z'])).toMatchObject(failed('/a is a directory; accepted with -r'))
    expect((await longshore(['mv', '-r', '/a', '/a/z'])).error).toMatch(/^\/a and \/a\/z: found one below the other/)
    expect(await longshore(['mv', '-r', '/a', '/z'])).toMatchObject({ code: 0, out: '', error: '' })
    expect(await files()).toEqual(['/a.txt', '/z/1', '/z/b/2', '/z/b/3'])
  })

  it('tells on a dry run what it would replace', async () => {
    const before = await files()
    expect((await longshore(['mv', '--dry-run', '/a/1', '/a.txt'])).out).toBe(
      'would move /a/1 to /a.txt, replacing 4 B\n',
    )
    expect((await longshore(['mv', '--dry-run', '-r', '/a/b', '/c'])).out).toBe(
      'would move /a/b/2 to /c/2\nwould move /a/b/3 to /c/3\n',
    )
    expect(await files()).toEqual(before)
    expect(await longshore(['mv', '/x', '/y'])).toMatchObject(failed('filesystem: path not found: /x'))
  })
})

describe('longshore sweep', () => {
  it('discards what nobody will finish', async () => {
    const writer = await storage.writer('/upload')
    writer.write('x')
    await writer.close()
    expect((await longshore(['sweep', '--older-than', '1h'])).out).toBe('0 unfinished uploads discarded\n')
    // The clock of a file system may be coarse.
    const sweep = async (...flags: string[]): Promise<string> =>
      (await longshore(['sweep', '--older-than', '1ms', '--path', '/', ...flags])).out
    let out = await sweep('--dry-run')
    while (out.includes(' 0 ')) out = await sweep('--dry-run')
    expect(out).toBe('would discard 1 unfinished upload\n')
    expect(await sweep()).toBe('1 unfinished upload discarded\n')
    expect(await sweep('--dry-run')).toBe('would discard 0 unfinished uploads\n')
  })
})

describe('commands of other packages', () => {
  it('come from packages by their names, as seen from the working directory, and from no other file', async () => {
    const root = join(directory, 'node_modules', 'tape')
    await mkdir(root, { recursive: true })
    await writeFile(join(root, 'package.json'), '{"type": "module", "exports": {"./cli": "./cli.js"}}')
    await writeFile(
      join(root, 'cli.js'),
      "export const addCommands = (tape, { out }) => tape.command('rewind').action(() => out('rewound'))",
    )
    const former = process.cwd()
    process.chdir(directory)
    try {
      expect(await run(['tape', 'rewind'])).toMatchObject({ code: 0, out: 'rewound', error: '' })
      expect((await run(['help', 'tape'])).out).toMatch(/rewind/)
      for (const name of ['./node_modules/tape', 'other', 'fs']) {
        expect(await run([name, 'rewind'])).toMatchObject({
          code: 2,
          error: expect.stringMatching(/^error: unknown command/),
        })
      }
      const load = (): Promise<unknown> => Promise.resolve(undefined)
      expect(await run(['cloudfront', 'sign'], { load })).toMatchObject(
        failed(
          'no commands of cloudfront: the package "@longshore/middleware-cloudfront" is not installed, or has none',
        ),
      )
    } finally {
      process.chdir(former)
    }
  })
})
