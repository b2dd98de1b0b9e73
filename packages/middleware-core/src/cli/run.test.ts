import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import * as option from '../options/option.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { defineDriver } from '../authoring/define-driver.ts'
import { type Outcome, longshore as runLongshore } from '../../test/cli/longshore.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-cli-'))
})
afterAll(() => rm(directory, { recursive: true }))

const purged: { olderThan: Date; path: string }[] = []
let disposed = 0

const bucket = defineDriver({
  name: 's3aws',
  capabilities: { urls: true },
  options: z.object({
    bucket: option.text(),
    endpoint: z.optional(option.url()),
    accessKey: z.optional(option.text()),
    hidden: z.optional(option.secret()),
    tags: z.array(option.text()).optional(),
  }),
  create: ({ bucket: name }) => {
    if (name === 'crash') throw new TypeError('something unexpected')
    return Object.assign(new InMemoryDriver(), {
      urlFor: (path: string) =>
        Promise.resolve({ url: `https://${name}.example${path}?Signature=x`, expiresAt: new Date(0), via: 's3' }),
      purgeUploads: ({ olderThan, path }: { olderThan: Date; path: string }) => {
        purged.push({ olderThan, path })
        return Promise.resolve({ uploads: 3 })
      },
      close: () => {
        disposed++
      },
    })
  },
})

async function longshore(
  args: string[],
  content: string,
  env: Record<string, string> = {},
): Promise<Omit<Outcome, 'bytes'>> {
  const file = join(directory, 'config.yml')
  await writeFile(file, content)
  const { code, out, error } = await runLongshore(
    args.map(argument => (argument === 'CONFIG' ? file : argument)),
    { env, load: () => Promise.resolve({ default: bucket }) },
  )
  return { code, out, error: error.replaceAll(`${directory}/`, '') }
}

const s3 = 'storage: {s3: {bucket: b}}\n'

describe('longshore check', () => {
  it('tells what the stack is, outermost first and without secrets', async () => {
    const content = `
storage:
  s3:
    bucket: b
    endpoint: https://user:hunter2@s3.example/
    accesskey: hunter2
    hidden: hunter2
    tags: [hunter2]
middleware:
  storage:
    - {name: redirect, options: {baseurl: https://files.example/}}
    - {name: rewrite, disabled: true}
`
    const { code, out, error } = await longshore(['check', 'CONFIG'], content, { REGISTRY_SECRET: 'hunter2' })
    expect(out.split('\n')).toEqual([
      'middleware redirect',
      '  baseurl: https://files.example/',
      'driver s3 (@longshore/s3-driver)',
      '  bucket: b',
      '  endpoint: https://(not shown)@s3.example/',
      '  accesskey: (not shown)',
      '  hidden: (not shown)',
      '  tags: a list of 1',
      'configuration is valid',
      '',
    ])
    expect(error).toBe('warning: REGISTRY_SECRET: no section has this name; ignored\n')
    expect(code).toBe(0)
  })

  it('says which parts only the service that runs on the stack can check', async () => {
    const content = `version: 0.1\nhttp: {}\nstorage: {inmemory: , delete: {enabled: perhaps}}\nauth: {}\n`
    const { code, out } = await longshore(['check', 'CONFIG'], content)
    expect(code).toBe(0)
    expect(out).toBe(
      'driver inmemory\nstorage and middleware are valid; not read here, but by the service: storage.delete, http, auth\n',
    )
  })

  it('creates the stack to be sure, and disposes of it', async () => {
    const before = disposed
    await longshore(['check', 'CONFIG'], s3)
    expect(disposed).toBe(before + 1)
  })

  it('tells what is wrong, and what may be the reason, without a stack trace', async () => {
    const env = { REGISTRY_STORAGE_S3_BUKET: 'hunter2' }
    const { code, out, error } = await longshore(['check', 'CONFIG'], 'storage:\n  s3: {tags: x}\n', env)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toBe(
      'warning: REGISTRY_STORAGE_S3_BUKET: unknown option storage.s3.buket; did you mean bucket?; ignored\n' +
        'config.yml:2: storage.s3.bucket: missing; accepted: a text\n' +
        'config.yml:2: storage.s3.tags: found a text; accepted: a list\n',
    )
  })

  it('tells that the file is absent', async () => {
    const { code, error } = await longshore(['check', join(directory, 'absent.yml')], s3)
    expect({ code, error }).toEqual({ code: 1, error: 'absent.yml: there is no such file\n' })
  })
})

describe('longshore url', () => {
  it('prints the URL alone where a program reads it', async () => {
    expect(await longshore(['url', 'CONFIG', '/a'], s3)).toEqual({
      code: 0,
      out: 'https://b.example/a?Signature=x\n',
      error: 'via s3, expires 1970-01-01T00:00:00.000Z\n',
    })
  })

  it('tells that there is none, or that the path is wrong', async () => {
    expect(await longshore(['url', 'CONFIG', '/a'], 'storage: inmemory')).toEqual({
      code: 1,
      out: '',
      error: 'no URL for /a: this stack leaves it to the service to serve it\n',
    })
    expect((await longshore(['url', 'CONFIG', 'a'], s3)).error).toMatch(/^invalid path: "a"; accepted: /)
  })
})

describe('longshore sweep', () => {
  it('discards uploads older than a duration, below a directory', async () => {
    purged.length = 0
    const start = Date.now()
    const outcome = await longshore(['sweep', 'CONFIG', '--older-than', '24h', '--path', '/docker'], s3)
    expect(outcome).toEqual({ code: 0, out: '3 unfinished uploads discarded\n', error: '' })
    const [{ olderThan, path } = { olderThan: new Date(0), path: '' }] = purged
    expect(path).toBe('/docker')
    expect(olderThan.getTime()).toBeGreaterThanOrEqual(start - 24 * 3_600_000)
    expect(olderThan.getTime()).toBeLessThanOrEqual(Date.now() - 24 * 3_600_000)
  })

  it('discards nothing for a duration that no date is as long ago as', async () => {
    purged.length = 0
    const outcome = await longshore(['sweep', 'CONFIG', '--older-than', '999999999d'], s3)
    expect(outcome).toMatchObject({ code: 2, error: expect.stringContaining('found 999999999d') })
    expect(purged).toEqual([])
  })

  it('wants the duration, with its unit', async () => {
    const missing = await longshore(['sweep', 'CONFIG'], s3)
    expect(missing).toMatchObject({ code: 2, error: expect.stringContaining('--older-than') })
    const bare = await longshore(['sweep', 'CONFIG', '--older-than', '24'], s3)
    expect(bare).toMatchObject({ code: 2, error: expect.stringContaining('accepted: a duration with its unit') })
  })
})

describe('longshore', () => {
  it('shows the stack trace of an error only when asked', async () => {
    const content = 'storage: {s3: {bucket: crash}}'
    expect(await longshore(['check', 'CONFIG'], content)).toEqual({
      code: 1,
      out: '',
      error: 'something unexpected\n',
    })
    expect((await longshore(['--debug', 'check', 'CONFIG'], content)).error).toMatch(/TypeError: .*\n {4}at /)
    expect((await longshore(['check', 'CONFIG'], content, { DEBUG: '1' })).error).toMatch(/TypeError: .*\n {4}at /)
  })

  it('helps, and refuses what it does not know', async () => {
    const help = await longshore(['--help'], s3)
    expect(help.code).toBe(0)
    expect(help.out).toMatch(/check .*\n[^]*url .*\n[^]*sweep /)
    expect(await longshore(['chek'], s3)).toMatchObject({ code: 2, error: expect.stringContaining('check') })
  })
})
