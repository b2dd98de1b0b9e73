import { rename, rm } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { basic, codesOf, content, digestOf, pushBlob } from '../support/client.ts'
import { startGuarded } from '../support/guarded-registry.ts'
import { entry, passwordRegistries, statusOf } from '../support/password-registries.ts'
import { until } from '../support/until.ts'

const { folder, start } = passwordRegistries()

describe('who is let in', () => {
  it('asks for a password, and says for what', async () => {
    const response = await fetch(`${(await start('', 'the "inner" circle')).url}/v2/`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="the \\"inner\\" circle"')
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    expect(await codesOf(response)).toEqual(['UNAUTHORIZED'])
  })

  it('takes every version of bcrypt that htpasswd files have, comments and empty lines', async () => {
    const lines = await Promise.all(['y', 'b', 'a'].map(version => entry(version, 'secret', { version })))
    const registry = await start(`# users\r\n\n${lines.join('  \n')}`)
    for (const user of ['y', 'b', 'a']) expect(await statusOf(registry, user, 'secret')).toBe(200)
  })

  it('takes passwords with colons and letters of all kinds', async () => {
    const registry = await start((await entry('ann', 'a:b:ç☃')) + (await entry('özlem', 'x')))
    expect(await statusOf(registry, 'ann', 'a:b:ç☃')).toBe(200)
    expect(await statusOf(registry, 'özlem', 'x')).toBe(200)
  })

  it('lets a user push and pull', async () => {
    const registry = await start(await entry('ann', 'secret'))
    const headers = basic('ann', 'secret')
    const bytes = content()
    const digest = digestOf(bytes)
    await expect(pushBlob(registry)).rejects.toThrow('no upload: 401')
    const upload = `${registry.url}/v2/hello/blobs/uploads/?digest=${digest}`
    expect((await fetch(upload, { method: 'POST', headers, body: bytes })).status).toBe(201)
    const blob = `${registry.url}/v2/hello/blobs/${digest}`
    expect((await fetch(blob)).status).toBe(401)
    expect(Buffer.from(await (await fetch(blob, { headers })).arrayBuffer()).equals(bytes)).toBe(true)
  })

  it.each([
    ['a wrong password', basic('ann', 'guess')],
    ['a user who is not there', basic('bob', 'secret')],
    ['no password', basic('ann', '')],
    ['no user', basic('', 'secret')],
    ['no colon', { authorization: `Basic ${Buffer.from('ann').toString('base64')}` }],
    ['no base64', { authorization: 'Basic ***' }],
    ['nothing', { authorization: 'Basic' }],
    ['another scheme', { authorization: 'Bearer YW5uOnNlY3JldA==' }],
    ['two credentials', { authorization: `${basic('ann', 'secret').authorization} x` }],
  ])('refuses %s', async (_what, headers) => {
    const registry = await start(await entry('ann', 'secret'))
    expect((await fetch(`${registry.url}/v2/`, { headers })).status).toBe(401)
  })

  it('lets nobody in whom an empty file names', async () => {
    expect(await statusOf(await start('# nobody yet\n'), 'ann', '')).toBe(401)
  })
})

describe('a file that is wrong', () => {
  it.each([
    ['MD5', 'ann:$apr1$MvwYZ1DV$6zBJ0d8mMyVsFkDVNNCAV0'],
    ['SHA-1', 'ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ['crypt', 'ann:rqXexS6ZhobKA'],
    ['a password as it is', 'ann:hunter2'],
    ['no user', ':$2y$05$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuabcdefghij'],
    ['a cost that nobody can wait for', 'ann:$2y$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuabcdefghij'],
  ])('stops the start, and does not show it: %s', async (_what, line) => {
    const good = await entry('bob', 'x')
    const error: unknown = await start(`${good}${line}\n`).catch(error => error)
    expect(error).toMatchObject({ name: 'ConfigError' })
    const { message } = error as Error
    expect(message).toMatch(/^config\.yml:2: auth\.htpasswd\.path: \S+: line 2: .*; accepted: .*htpasswd -nB <user>/)
    expect(message).not.toContain(line.slice(4))
  })

  it('names all lines that are wrong', async () => {
    const twice = (await entry('ann', 'x')) + (await entry('ann', 'y'))
    await expect(start(`${twice}plain\n`)).rejects.toThrow(/: lines 2, 3: /)
  })

  it('stops the start when it is not there, and says how to make it', async () => {
    await expect(startGuarded('auth: { htpasswd: { realm: r, path: /no/such/file } }')).rejects.toThrow(
      'config.yml:2: auth.htpasswd.path: /no/such/file: there is no such file; make one with htpasswd -Bc ' +
        '/no/such/file <user>',
    )
  })
})

describe('a file that changes', () => {
  it('counts soon: new users come in, and old ones stay out although they were in before', async () => {
    const registry = await start(await entry('ann', 'secret'))
    expect(await statusOf(registry, 'ann', 'secret')).toBe(200)
    await folder.write('new', await entry('bob', 'secret'))
    await rename(folder.file('new'), folder.file('htpasswd'))
    await until(async () => (await statusOf(registry, 'bob', 'secret')) === 200)
    expect(await statusOf(registry, 'ann', 'secret')).toBe(401)
    expect(registry.warnings).toEqual([])
  })

  it('does not count when it is wrong: its owner is warned, once, and the old one stays', async () => {
    const registry = await start(await entry('ann', 'secret'))
    await folder.write('htpasswd', 'ann:hunter2\n')
    await until(() => registry.warnings.length > 0)
    expect(registry.warnings).toEqual([expect.stringMatching(/auth\.htpasswd\.path: .*line 1.*still in use/)])
    expect(registry.warnings[0]).not.toContain('hunter2')
    expect(await statusOf(registry, 'ann', 'secret')).toBe(200)

    await rm(folder.file('htpasswd'))
    await until(() => registry.warnings.length > 1)
    expect(registry.warnings[1]).toContain('there is no such file')
    expect(await statusOf(registry, 'ann', 'secret')).toBe(200)

    await folder.write('htpasswd', await entry('ann', 'other'))
    await until(async () => (await statusOf(registry, 'ann', 'other')) === 200)
    expect(await statusOf(registry, 'ann', 'secret')).toBe(401)
  })
})
