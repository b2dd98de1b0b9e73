import { createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Outcome, runLongshore } from '../../test/longshore.ts'
import { ecKey, rsaKey } from '../../test/signing-keys.ts'
import { explain } from '../explain/index.ts'

const key = rsaKey()
const other = ecKey()
const publicKeys = { K1: key.publicKey, K2: other.publicKey }
const site = 'https://d111111abcdef8.cloudfront.net'

let directory: string
const local = (name: string): string => join(directory, name)

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-cloudfront-'))
  await writeFile(local('key.pem'), key.pem)
  await writeFile(local('new.pem'), other.pem)
  await writeFile(local('public.pem'), key.publicKey.export({ type: 'spki', format: 'pem' }))
  await configure(`keypairid: K1, privatekey: ${local('key.pem')}`)
})
afterEach(() => rm(directory, { recursive: true }))

async function configure(options: string): Promise<void> {
  const cloudfront = `{name: cloudfront, options: {baseurl: '${site}', originpath: /in, ${options}}}`
  await writeFile(
    local('config.yml'),
    `storage: {inmemory: }\nmiddleware: {storage: [{name: prefix, options: {path: /in/side}}, ${cloudfront}]}\n`,
  )
}

async function longshore(...args: string[]): Promise<Outcome> {
  const modules: Record<string, () => Promise<unknown>> = {
    '@longshore/middleware-cloudfront': () => import('../index.ts'),
    '@longshore/middleware-cloudfront/cli': () => import('./index.ts'),
  }
  return runLongshore(args, directory, modules)
}

const cloudfront = (command: string, ...args: string[]): Promise<Outcome> => longshore('cloudfront', command, ...args)

describe('longshore cloudfront', () => {
  it('is in the help, and has one of its own', async () => {
    expect((await longshore('--help')).out).toMatch(/^ {2}cloudfront +commands of @longshore\/middleware-cloudfront$/m)
    const { code, out } = await longshore('cloudfront', '--help')
    expect(code).toBe(0)
    expect(out).toMatch(/keygen .*\n[^]*sign .*\n[^]*cookies .*\n[^]*explain .*\n[^]*rotate /)
    expect((await longshore('help', 'cloudfront')).out).toMatch(/keygen/)
    expect(await cloudfront('keygem')).toMatchObject({ code: 2, error: expect.stringContaining('keygen') })
  })
})

describe('longshore cloudfront keygen', () => {
  it.each([
    ['rsa', 'rsa'],
    ['ec', 'ec'],
  ])('makes a key of type %s that the middleware takes, and tells how to upload it', async (type, keyType) => {
    const { code, out } = await cloudfront('keygen', local('made.pem'), '--type', type)
    expect(code).toBe(0)
    expect((await stat(local('made.pem'))).mode & 0o777).toBe(0o600)
    const { EncodedKey, Name } = JSON.parse(await readFile(local('made.public-key.json'), 'utf8')) as Record<
      string,
      string
    >
    expect(Name).toBe('made')
    expect(EncodedKey).toBe(await readFile(local('made.pub.pem'), 'utf8'))
    expect(createPublicKey(EncodedKey ?? '').asymmetricKeyType).toBe(keyType)
    expect(out).toMatch(/aws cloudfront create-public-key --public-key-config file:\/\/\S*made.public-key.json /)
    expect(out).toMatch(/aws cloudfront create-key-group --key-group-config Name=made,Items=KEY_ID /)
    expect(out).not.toMatch('PRIVATE KEY')
    await configure(`keypairid: K9, privatekey: ${local('made.pem')}`)
    const { out: url } = await cloudfront('sign', local('config.yml'), '/a')
    expect(explain(url.trim(), { K9: EncodedKey ?? '' }).allowed).toBe(true)
  })

  it('replaces no file, and leaves none behind', async () => {
    await writeFile(local('made.pub.pem'), 'mine')
    expect(await cloudfront('keygen', local('made.pem'))).toEqual({
      code: 1,
      out: '',
      error: 'made.pub.pem: there is something already\n',
    })
    expect((await readdir(directory)).filter(name => name.startsWith('made'))).toEqual(['made.pub.pem'])
    expect(await readFile(local('made.pub.pem'), 'utf8')).toBe('mine')
    expect((await cloudfront('keygen', local('made.pem'), '--type', 'dsa')).error).toBe(
      '--type: found dsa; accepted: rsa, ec\n',
    )
  })
})

describe('longshore cloudfront sign', () => {
  it('signs the URL of a file, as the stack maps it', async () => {
    const { code, out, error } = await cloudfront('sign', local('config.yml'), 'storage:/a b*', '--expires-in', '1h')
    expect({ code, error }).toEqual({ code: 0, error: expect.stringMatching(/^expires 20.*Z\n$/) })
    expect(out).toMatch(new RegExp(`^${site}/side/a%20b\\*\\?Expires=`))
    const { allowed, policy } = explain(out.trim(), publicKeys)
    expect(allowed).toBe(true)
    expect(Math.round((Number(policy?.expiresAt) - Date.now()) / 60_000)).toBe(60)
  })

  it('opens a pattern, for some clients, from a time on', async () => {
    const { out } = await cloudfront(
      'sign',
      local('config.yml'),
      '/docs/a',
      '--resource',
      '/docs/*',
      '--ip',
      '192.0.2.0/24',
      '--not-before',
      '2020-01-01',
      '--expires-at',
      '2040-01-01',
      '--json',
    )
    const { url } = JSON.parse(out) as { url: string }
    expect(explain(url.replace('/docs/a', '/docs/b'), publicKeys, { clientIp: '192.0.2.1' })).toMatchObject({
      allowed: true,
      policy: {
        resource: `${site}/side/docs/*`,
        ipAddress: '192.0.2.0/24',
        notBefore: new Date('2020-01-01'),
        expiresAt: new Date('2040-01-01'),
      },
    })
  })

  it('tells what is wrong', async () => {
    const config = local('config.yml')
    const errors: [string[], string | RegExp][] = [
      [['a'], /^invalid path: "a"; accepted: /],
      [['/a', '--expires-in', '5'], /^--expires-in: .*accepted: a duration with its unit/],
      [['/a', '--expires-at', 'soon'], '--expires-at: found soon; accepted: a date, such as 2030-01-01T00:00:00Z\n'],
      [['/a', '--expires-at', '2040-01-01', '--expires-in', '1h'], /^--expires-at: found with --expires-in/],
      [['/a', '--resource', '/b/*'], 'resource: found a pattern that does not match the URL\n'],
    ]
    for (const [args, error] of errors) {
      expect(await cloudfront('sign', config, ...args)).toEqual({
        code: 1,
        out: '',
        error: typeof error === 'string' ? error : expect.stringMatching(error),
      })
    }
    await writeFile(config, 'storage: inmemory')
    expect((await cloudfront('sign', config, '/a')).error).toBe(
      'config.yml: no middleware cloudfront in middleware.storage\n',
    )
    await configure(`keypairid: K1, privatekey: ${local('absent.pem')}`)
    expect((await cloudfront('sign', config, '/a')).error).toMatch(/^config.yml:2: .*privatekey: .*\n$/)
  })
})

describe('longshore cloudfront cookies', () => {
  it('signs cookies for a pattern', async () => {
    const { code, out } = await cloudfront('cookies', local('config.yml'), '/docs/*', '--domain', 'example.com')
    expect(code).toBe(0)
    const lines = out.trim().split('\n')
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(line).toMatch(/^Set-Cookie: CloudFront-[\w-]+=.*; Domain=example.com; Path=\/; /)
    const { out: header } = await cloudfront('cookies', local('config.yml'), '/docs/*', '--header')
    const cookies = header.replace('Cookie: ', '').trim()
    expect(explain(cookies, publicKeys, { url: `${site}/side/docs/x/y` }).allowed).toBe(true)
    expect(explain(cookies, publicKeys, { url: `${site}/side/other` }).denial?.reason).toBe('wrong-resource')
  })
})

describe('longshore cloudfront explain', () => {
  it('tells that a URL is served, and what it opens', async () => {
    const { out: url } = await cloudfront('sign', local('config.yml'), '/a', '--expires-at', '2040-01-01')
    for (const argument of [local('public.pem'), `K1=${local('public.pem')}`]) {
      expect(await cloudfront('explain', url.trim(), '--public-key', argument)).toEqual({
        code: 0,
        out: [
          'answer      served',
          'key         K1',
          'hash        SHA1',
          'policy      canned',
          `resource    ${site}/side/a`,
          'expires     2040-01-01T00:00:00.000Z',
          '',
        ].join('\n'),
        error: '',
      })
    }
  })

  it('tells why a URL or a cookie is refused, and fails', async () => {
    const { out: url } = await cloudfront('sign', local('config.yml'), '/a', '--expires-at', '2040-01-01')
    const keys = ['--public-key', local('public.pem')]
    const late = await cloudfront('explain', url.trim(), ...keys, '--at', '2040-01-01T00:00:12Z')
    expect(late).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^answer {6}403 AccessDenied \(expired\)\n/),
      error: 'refused: the policy ended 12 seconds ago\n',
    })
    const { out: cookies } = await cloudfront('cookies', local('config.yml'), '/docs/*', '--header')
    const wrong = await cloudfront('explain', cookies.trim(), ...keys, '--url', `${site}/x`, '--json')
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.out)).toMatchObject({ allowed: false, denial: { reason: 'wrong-resource' } })
    const unknown = await cloudfront('explain', url.trim(), '--public-key', `K7=${local('public.pem')}`)
    expect(unknown.error).toBe('refused: there is no public key K1; known: K7\n')
    expect((await cloudfront('explain', url.trim())).error).toMatch(/^--public-key: missing/)
    expect((await cloudfront('explain', url.trim(), '--public-key', local('x'))).error).toBe(
      'x: there is no such file or directory\n',
    )
  })
})

describe('longshore cloudfront rotate', () => {
  it('begins with a new key beside the present one', async () => {
    const { code, out } = await cloudfront('rotate', local('config.yml'), '--key', local('new.pem'))
    expect(code).toBe(0)
    expect(out).toMatch(
      /^1\. K1 signs, and no other key is configured\. Make the new one:\n {5}longshore cloudfront keygen \S*new\.pem\n/,
    )
    expect(out).toMatch(/Items=K1,NEW_ID\n/)
    expect(out).toMatch(
      /keys:\n +- keypairid: NEW_ID\n +privatekey: \S*new.pem\n +- keypairid: K1\n +privatekey: \S*key.pem\n/,
    )
  })

  it('ends with the former key taken away', async () => {
    const [former, next] = [
      `{keypairid: K1, privatekey: ${local('key.pem')}}`,
      `{keypairid: K2, privatekey: ${local('new.pem')}}`,
    ]
    await configure(`keys: [${next}, ${former}], duration: 10m`)
    const { out } = await cloudfront('rotate', local('config.yml'))
    expect(out).toMatch(
      /^1\. K2 signs, and K1 stands behind it\. URLs that a former key has signed work for up to 600 s: /,
    )
    expect(out).toMatch(/contains\(KeyGroup.KeyGroupConfig.Items, 'K1'\)/)
    expect(out).toMatch(/Items=K2\n/)
    expect(out).toMatch(/delete-public-key --id K1 /)
  })
})
