import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { type Outcome, longshore as runLongshore } from '../../test/cli/longshore.ts'
import { defineMiddleware } from '../middleware/define-middleware.ts'
import * as option from '../options/option.ts'
import type { CliModule } from './context/load-cli-module.ts'
import type { EdgeContext } from './edge/templates.ts'

let directory: string
let given: EdgeContext | undefined
let files: Record<string, string>

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-edge-'))
  given = undefined
  files = { 'wall.tf': 'stone', 'gate/bars.tf': 'iron' }
})
afterEach(() => rm(directory, { recursive: true }))

const wall = defineMiddleware({ name: 'wall', options: z.object({ height: option.text() }), wrap: driver => driver })

const cli: CliModule = {
  edge: {
    formats: ['stone', 'wood'],
    files: async (context, format) => {
      given = context
      const former = await context.readFormer('wall.tf')
      return {
        files: new Map([...Object.entries(files), ['format', format]]),
        next: [`build ${context.directory}`, `was ${former}`],
      }
    },
  },
}

const local = (name: string): string => join(directory, name)

async function edge(
  args: string[],
  middlewares = '{name: wall, options: {height: 3 m}}',
): Promise<Omit<Outcome, 'bytes'>> {
  await writeFile(local('config.yml'), `storage: {inmemory: }\nmiddleware: {storage: [${middlewares}]}\n`)
  const modules: Record<string, unknown> = { wall: { default: wall }, 'wall/cli': cli }
  const load = (name: string): Promise<unknown> => Promise.resolve(modules[name])
  const { code, ...texts } = await runLongshore(['edge', local('config.yml'), ...args], { load })
  const short = (text: string): string => text.replaceAll(`${directory}/`, '')
  return { code, out: short(texts.out), error: short(texts.error) }
}

const out = (): string[] => ['--out', local('out')]

async function written(): Promise<Record<string, string>> {
  const entries = await readdir(local('out'), { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const contents = await Promise.all(paths.map(async path => [path, await readFile(path, 'utf8')] as const))
  return Object.fromEntries(contents.map(([path, content]) => [path.replace(`${local('out')}/`, ''), content]))
}

describe('longshore edge', () => {
  it('writes the files of the outermost layer that has templates, and prints what to do next', async () => {
    const inner = '{name: wall, options: {height: 1 m}}'
    const outcome = await edge(
      [
        '--out',
        local('new/out'),
        '--name',
        'keep',
        '--certificate',
        'seal',
        '--upload-origin',
        'https://A.example.com/',
      ],
      `${inner}, {name: wall, options: {height: 3 m}}, {name: prefix, options: {path: /a}}`,
    )
    expect(outcome).toEqual({
      code: 0,
      out: 'new/out/wall.tf\nnew/out/gate/bars.tf\nnew/out/format\n\nbuild new/out\nwas undefined\n',
      error: '',
    })
    expect(await readFile(local('new/out/gate/bars.tf'), 'utf8')).toBe('iron')
    expect(await readFile(local('new/out/format'), 'utf8')).toBe('stone')
    expect(given?.layer).toEqual({ options: { height: '3 m' }, where: 'middleware.storage[1].options' })
    expect(given).toMatchObject({ name: 'keep', certificate: 'seal', uploadOrigins: ['https://a.example.com'] })
  })

  it('writes the format that is asked for', async () => {
    expect((await edge([...out(), '--format', 'wood'])).code).toBe(0)
    expect(await written()).toEqual({ ...files, format: 'wood' })
    expect(given).toMatchObject({ name: undefined, certificate: undefined, uploadOrigins: [] })
  })

  it('replaces files only where it is told to, and leaves others alone', async () => {
    await edge(out())
    await writeFile(local('out/mine'), 'mine')
    files = { 'wall.tf': 'brick', 'gate/bars.tf': 'steel', 'tower.tf': 'slate' }
    expect(await edge(out())).toEqual({
      code: 1,
      out: '',
      error: 'out/wall.tf: there is something already; --force replaces it\n',
    })
    expect(await written()).toEqual({ 'wall.tf': 'stone', 'gate/bars.tf': 'iron', format: 'stone', mine: 'mine' })
    expect(await edge([...out(), '--force'])).toMatchObject({ code: 0, out: expect.stringMatching(/\nwas stone\n$/) })
    expect(await written()).toEqual({ ...files, format: 'stone', mine: 'mine' })
    expect(await readdir(local('out'))).toHaveLength(5)
  })

  it('writes all files or none', async () => {
    files = { 'a/b': 'x', 'a/b/c': 'a file cannot be a directory, too' }
    expect(await edge(out())).toEqual({ code: 1, out: '', error: expect.stringMatching(/^out\S*: .+\n$/) })
    expect(await readdir(directory)).toEqual(['config.yml'])

    await mkdir(local('out'))
    await writeFile(local('out/wall.tf'), 'mine')
    await symlink(local('absent'), local('out/gate'))
    files = { 'wall.tf': 'stone', 'gate/bars.tf': 'iron' }
    expect((await edge([...out(), '--force'])).code).toBe(1)
    expect(await written()).toEqual({ 'wall.tf': 'mine' })
    expect((await readdir(local('out'))).toSorted()).toEqual(['gate', 'wall.tf'])
  })

  it('tells what is wrong', async () => {
    await writeFile(local('file'), '')
    await mkdir(local('taken/wall.tf'), { recursive: true })
    const errors: [string[], string][] = [
      [[...out(), '--format', 'clay'], '--format: found clay; accepted: stone, wood'],
      [['--out', local('file')], 'file: there is something already'],
      [['--out', local('file/in')], 'file/in: a file is where a directory is needed'],
      [['--out', local('taken'), '--force'], 'taken/wall.tf: found a directory; accepted: a file'],
      ...['a.example.com', 'ftp://a', 'https://a/b', 'https://a?b', 'https://u@a', '*'].map(
        (origin): [string[], string] => [
          [...out(), '--upload-origin', origin],
          `--upload-origin: found ${origin}; accepted: the origin of a page, such as https://app.example.com`,
        ],
      ),
    ]
    for (const [args, error] of errors) expect(await edge(args)).toEqual({ code: 1, out: '', error: `${error}\n` })
    expect(await edge(out(), '{name: prefix, options: {path: /a}}')).toEqual({
      code: 1,
      out: '',
      error: `no part of the storage brings templates for its edge: found prefix, inmemory; accepted: a middleware such as cloudfront\n`,
    })
    expect(await edge([])).toMatchObject({ code: 2, error: expect.stringMatching(/--out/) })
    expect((await edge(out(), '{name: wall}')).error).toMatch(/height: missing/)
    await expect(readdir(local('out'))).rejects.toThrow('ENOENT')
  })

  const isRoot = process.getuid?.() === 0
  ;(isRoot ? it.skip : it)('tells of a directory that it may not write to', async () => {
    await mkdir(local('out'))
    await chmod(local('out'), 0o500)
    expect(await edge(out())).toEqual({ code: 1, out: '', error: 'out: no permission\n' })
  })
})
