import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { longshore as runLongshore, type Outcome } from '../../test/cli/longshore.ts'
import { defineDriver } from '../authoring/define-driver.ts'
import { StorageError } from '../contract/errors.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { loadConfig } from '../config/config.ts'
import { ConfigError } from '../options/config-error.ts'
import * as option from '../options/option.ts'
import { z } from 'zod'
import type { CliModule } from './context/load-cli-module.ts'
import type { Check, CheckContext, Problem } from './doctor/check.ts'

let directory: string
let files: InMemoryDriver
let calls: string[]
/** Call that the driver refuses; `all` for every one. */
let refused: string | undefined
let checks: (context: CheckContext) => Check[]
let service: unknown

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-doctor-'))
  files = new InMemoryDriver()
  calls = []
  refused = undefined
  service = undefined
  checks = () => []
})
afterEach(() => rm(directory, { recursive: true }))

const cold: Problem = {
  name: 'cold',
  severity: 'failed',
  symptom: 'It is cold.',
  cause: 'Somebody left the door open.',
  remedy: 'Close it.',
}
const draught: Problem = { ...cold, name: 'draught', severity: 'warning', cause: 'A window is open.' }

const driver = defineDriver({
  name: 'house',
  capabilities: {},
  options: z.object({ door: option.text() }),
  create: () =>
    new Proxy(files, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          calls.push(`${String(name)} ${String(args[0])}`)
          if (name === refused || refused === 'all') throw new StorageError('ACCESS_DENIED', 'not you')
          return (value as (...given: unknown[]) => unknown).apply(target, args)
        }
      },
    }),
})

async function doctor(args: string[] = [], content = 'storage: {house: {door: oak}}\n'): Promise<Outcome> {
  const file = join(directory, 'config.yml')
  await writeFile(file, content)
  const modules: Record<string, unknown> = {
    house: { default: driver },
    'house/cli': { doctor: { problems: [cold, draught], checks: context => checks(context) } } satisfies CliModule,
    '@longshore/registry/cli': service,
  }
  const outcome = await runLongshore(['doctor', file, ...args], { load: name => Promise.resolve(modules[name]) })
  return {
    ...outcome,
    out: outcome.out.replaceAll(`${directory}/`, ''),
    error: outcome.error.replaceAll(`${directory}/`, ''),
  }
}

describe('longshore doctor', () => {
  it('is all green for a stack that works, and leaves nothing', async () => {
    checks = ({ layer }) => [
      { name: 'door', title: 'the door is shut', run: () => ({ evidence: String(layer.options['door']) }) },
    ]
    const { code, out, error } = await doctor()
    expect(out.split('\n')).toEqual([
      'ok       config/valid               the configuration is what the program that runs it accepts: house; configuration is valid',
      'ok       house/door                 the door is shut: oak',
      'ok       storage/write              a file is written and read back',
      'ok       storage/change             files are listed, moved and deleted',
      '4 ok',
      '',
    ])
    expect(error).toBe('')
    expect(code).toBe(0)
    expect(await files.list('/')).toEqual([])
    const touched = calls.map(call => call.split(' ')[1]).filter(path => path?.startsWith('/'))
    expect(touched.every(path => path?.startsWith('/docker/registry/v2/longshore-doctor-'))).toBe(true)
  })

  it('tells cause, evidence and remedy, and what could not be tried', async () => {
    checks = () => [
      {
        name: 'window',
        title: 'the windows are shut',
        run: () => ({ findings: [{ problem: draught, evidence: 'a breeze' }] }),
      },
      {
        name: 'door',
        title: 'the door is shut',
        run: () => ({ findings: [{ problem: cold, evidence: '3 degrees' }] }),
      },
      { name: 'fire', title: 'a fire burns', after: ['door'], run: () => ({}) },
      { name: 'cat', title: 'the cat is warm', after: ['fire'], run: () => ({}) },
    ]
    const { code, out, error } = await doctor()
    expect(code).toBe(1)
    expect(out).toContain(
      [
        'warning  house/window               the windows are shut',
        '         cause     A window is open.',
        '         evidence  a breeze',
        '         remedy    Close it.',
        'failed   house/door                 the door is shut',
        '         cause     Somebody left the door open.',
        '         evidence  3 degrees',
        '         remedy    Close it.',
        'skipped  house/fire and 1 more      not tried, because of house/door',
        '',
      ].join('\n'),
    )
    expect(out).toMatch(/\n3 ok, 1 warning, 1 failed, 2 skipped\n$/)
    expect(error).toBe('not all is well: house/door\n')
  })

  it('lets warnings pass, unless they are to count', async () => {
    checks = () => [{ name: 'window', title: 'shut', run: () => ({ findings: [{ problem: draught, evidence: '' }] }) }]
    expect(await doctor()).toMatchObject({ code: 0 })
    expect(await doctor(['--strict'])).toMatchObject({ code: 1, error: 'not all is well: house/window\n' })
  })

  it('leaves to the driver what its own checks have named', async () => {
    checks = () => [
      { name: 'door', title: 'the door is shut', run: () => ({ findings: [{ problem: cold, evidence: '' }] }) },
    ]
    refused = 'putContent'
    const { out } = await doctor()
    expect(out).toMatch(/^skipped {2}storage\/write +fails as well, because of house\/door$/m)
    expect(out).toMatch(/\n1 ok, 1 failed, 2 skipped\n$/)
  })

  it('asks nothing of a storage without what is vital to it', async () => {
    const findings = [{ problem: cold, evidence: '' }]
    checks = () => [{ name: 'door', title: 'there is a door', isVital: true, run: () => ({ findings }) }]
    const { code, out } = await doctor()
    expect(code).toBe(1)
    expect(out).toMatch(/^skipped {2}storage\/write and 1 more +not tried, because of house\/door$/m)
    expect(calls.filter(call => !call.startsWith('close'))).toEqual([])
  })

  it.each([
    ['putContent', 'storage/write', 'storage/change'],
    ['move', 'storage/change', undefined],
  ])('names a storage that refuses %s', async (call, failed, skipped) => {
    refused = call
    const { code, out } = await doctor()
    expect(code).toBe(1)
    expect(out).toMatch(new RegExp(`^failed {3}${failed} .*\\n.*\\n +evidence +house: not you`, 'm'))
    if (skipped) expect(out).toMatch(new RegExp(`^skipped {2}${skipped} `, 'm'))
  })

  it('says what it could not remove', async () => {
    checks = ({ storage, scratch }) => [
      {
        name: 'litter',
        title: 'a file is there',
        run: async () => (await storage?.putContent(`${scratch}/litter`, 'x'), {}),
      },
    ]
    refused = 'delete'
    const { out } = await doctor(['--only', 'house'])
    const [path] = await files.list('/docker/registry/v2')
    expect(out).toMatch(/^warning {2}storage\/clean /m)
    expect(out).toContain(`evidence  ${path}/litter: house: not you`)
  })

  it('says nothing of files where none can be there', async () => {
    refused = 'all'
    expect((await doctor()).out).not.toContain('storage/clean')
  })

  it('runs what --only names and what that stands on, and says what there is otherwise', async () => {
    const { out } = await doctor(['--only', 'storage/write'])
    expect(out.match(/^\w+ +\S+/gm)).toEqual(['ok       config/valid', 'ok       storage/write', '2 ok'])
    const { out: both } = await doctor(['--only', 'storage/change'])
    expect(both.match(/^\w+ +\S+/gm)).toEqual([
      'ok       config/valid',
      'ok       storage/write',
      'ok       storage/change',
      '3 ok',
    ])
    expect(await doctor(['--only', 'storag'])).toMatchObject({
      code: 1,
      error: '--only: found "storag"; accepted: config, storage, config/valid, storage/write, storage/change\n',
    })
  })

  it('prints JSON', async () => {
    checks = () => [
      { name: 'door', title: 'shut', run: () => ({ findings: [{ problem: cold, evidence: '3 degrees' }] }) },
    ]
    const { code, out } = await doctor(['--json', '--only', 'house'])
    expect(code).toBe(1)
    const { checks: results } = JSON.parse(out) as { checks: object[] }
    expect(results.at(-1)).toEqual({
      name: 'house/door',
      title: 'shut',
      status: 'failed',
      findings: [
        { problem: 'cold', severity: 'failed', cause: cold.cause, evidence: '3 degrees', remedy: 'Close it.' },
      ],
    })
  })

  it('tells every mistake of the configuration, and tries what there is in spite of them', async () => {
    const { code, out } = await doctor(
      [],
      'storage: {house: {door: oak}}\nmiddleware: {storage: [{name: redirect}]}\nhtpp: 1\n',
    )
    expect(code).toBe(1)
    expect(out).toMatch(/^failed {3}config\/valid/m)
    expect(out).toContain('evidence  config.yml:3: htpp: unknown section; did you mean http?')
  })

  it('reads the sections of the service as the service does', async () => {
    const content = 'storage: {house: {door: oak}}\nhttp: {adr: x}\n'
    expect((await doctor([], content)).out).toContain('not read here, but by the service: http')
    service = {
      loadConfig,
      checkConfig: () => {
        throw new ConfigError([{ option: ['http', 'adr'], problem: 'unknown option', location: 'config.yml:2' }])
      },
    }
    const { code, out } = await doctor([], content)
    expect(code).toBe(1)
    expect(out).toContain('evidence  config.yml:2: http.adr: unknown option')
    expect(out).toMatch(/^ok {7}storage\/write/m)
  })

  it('calls an error that a check does not know by its message', async () => {
    checks = () => [
      {
        name: 'door',
        title: 'shut',
        run: () => {
          throw new Error('the door is a window\nafter all')
        },
      },
    ]
    expect((await doctor()).out).toMatch(/failed {3}house\/door [^]*evidence {2}the door is a window after all\n/)
  })
})
