import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { longshore } from '../../test/cli/longshore.ts'
import { defineDriver } from '../authoring/define-driver.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { defineMiddleware } from '../middleware/define-middleware.ts'
import * as option from '../options/option.ts'
import type { CliModule } from './context/load-cli-module.ts'
import type { PolicyContext } from './policy/policies.ts'

let directory: string
let modules: Record<string, unknown>
let given: PolicyContext | undefined

const house = defineDriver({
  name: 'house',
  capabilities: {},
  options: z.object({ door: option.text() }),
  create: () => new InMemoryDriver(),
})
const wall = defineMiddleware({ name: 'wall', options: z.object({}), wrap: driver => driver })

const ofHouse: CliModule = {
  policies: {
    resource: ({ layer }) => ({ container: String(layer.options['door']), files: 'rooms/*' }),
    documents: () => [{ name: 'key', title: 'key of the door', document: { turns: 2 } }],
  },
}
const ofWall: CliModule = {
  policies: {
    documents: context => {
      given = context
      if (context.distribution === undefined) return [{ name: 'gate', title: 'gate', needs: '--distribution' }]
      return [{ name: 'gate', title: 'gate of the wall', document: { for: context.distribution } }]
    },
  },
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-policy-'))
  modules = { house: { default: house }, 'house/cli': ofHouse, wall: { default: wall }, 'wall/cli': ofWall }
  given = undefined
})
afterEach(() => rm(directory, { recursive: true }))

async function policy(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const file = join(directory, 'config.yml')
  await writeFile(file, 'storage: {house: {door: oak}}\nmiddleware: {storage: [{name: wall}]}\n')
  const { code, out, error } = await longshore(['policy', file, ...args], {
    load: name => Promise.resolve(modules[name]),
  })
  return { code, out, error }
}

describe('longshore policy', () => {
  it('prints the documents of all layers, which learn where the files are', async () => {
    const { code, out, error } = await policy(
      '--distribution',
      'D',
      '--account',
      '1',
      '--upload-origin',
      'https://a.b/',
    )
    expect([code, error]).toEqual([0, ''])
    expect(out).toBe(
      '# house/key: key of the door\n{\n  "turns": 2\n}\n\n# wall/gate: gate of the wall\n{\n  "for": "D"\n}\n',
    )
    expect(given).toMatchObject({
      resource: { container: 'oak', files: 'rooms/*' },
      account: '1',
      uploadOrigins: ['https://a.b'],
    })
  })

  it('prints one alone, for another program', async () => {
    expect(await policy('--only', 'house/key')).toEqual({ code: 0, out: '{\n  "turns": 2\n}\n', error: '' })
  })

  it('prints all as JSON', async () => {
    const { out } = await policy('--json', '--distribution', 'D')
    expect(JSON.parse(out)).toEqual([
      { layer: 'house', name: 'key', title: 'key of the door', document: { turns: 2 } },
      { layer: 'wall', name: 'gate', title: 'gate of the wall', document: { for: 'D' } },
    ])
  })

  it('says what is missing for a document', async () => {
    const { code, out, error } = await policy()
    expect([code, error]).toEqual([0, 'wall/gate (gate) needs --distribution\n'])
    expect(out).toMatch(/^# house\/key: /)
    const alone = await policy('--only', 'wall/gate')
    expect(alone).toEqual({ code: 1, out: '', error: 'wall/gate (gate) needs --distribution\n' })
  })

  it('refuses a document that there is not, and an origin that is none', async () => {
    expect(await policy('--only', 'roof')).toEqual({
      code: 1,
      out: '',
      error: '--only: found "roof"; accepted: house/key, wall/gate\n',
    })
    const { code, error } = await policy('--upload-origin', 'https://a.b/page')
    expect([code, error]).toEqual([
      1,
      '--upload-origin: found https://a.b/page; accepted: the origin of a page, such as https://app.example.com\n',
    ])
  })

  it('says where no part brings any', async () => {
    modules = { house: { default: house }, wall: { default: wall } }
    expect(await policy()).toEqual({
      code: 1,
      out: '',
      error: 'no part of the storage needs a policy: found house, wall; accepted: such as s3\n',
    })
  })
})
