import { describe, expect, it } from '@jest/globals'
import { content, digestOf } from '../support/client.ts'
import { challengeOf, fetchAs, startTokenServer } from './token-server.ts'
import { get, pull, tokenTest } from './token-test.ts'

const test = tokenTest()

describe('a client with a token server', () => {
  const rights = {
    ann: { hello: ['pull', 'push', 'delete'], base: ['pull'], catalog: ['*'] },
    bob: { hello: ['pull'] },
  }

  async function startBoth() {
    const server = await startTokenServer(rights, (access, subject) => test.signed({ access, subject }))
    test.endLater(server)
    return { server, registry: await test.start({ realm: server.realm }) }
  }

  it('pushes and pulls what it has the rights for, and asks for just those', async () => {
    const { registry, server } = await startBoth()
    const bytes = content()
    const digest = digestOf(bytes)
    const push = `${registry.url}/v2/hello/blobs/uploads/?digest=${digest}`
    const blob = `${registry.url}/v2/hello/blobs/${digest}`

    expect((await fetchAs('bob', push, { method: 'POST', body: bytes })).status).toBe(401)
    expect((await fetchAs('ann', push, { method: 'POST', body: bytes })).status).toBe(201)
    expect(new Set(server.asked.splice(0))).toEqual(new Set(['repository:hello:pull,push']))
    expect(Buffer.from(await (await fetchAs('bob', blob)).arrayBuffer()).equals(bytes)).toBe(true)
    expect(server.asked.splice(0)).toEqual(['repository:hello:pull'])
    expect((await fetchAs('bob', blob, { method: 'DELETE' })).status).toBe(401)
    expect((await fetchAs('ann', blob, { method: 'DELETE' })).status).toBe(405)
    expect(server.asked.splice(0)).toEqual(['repository:hello:delete', 'repository:hello:delete'])
    expect((await fetchAs('bob', `${registry.url}/v2/_catalog`)).status).toBe(401)
    expect((await fetchAs('ann', `${registry.url}/v2/_catalog`)).status).toBe(200)
    expect(server.asked.splice(0)).toEqual(['registry:catalog:*', 'registry:catalog:*'])
    expect((await fetchAs('bob', `${registry.url}/v2/`)).status).toBe(200)
    expect(server.asked).toEqual([])
  })

  it('mounts a blob of a repository that it may pull from', async () => {
    const { registry, server } = await startBoth()
    const bytes = content()
    const digest = digestOf(bytes)
    const access = [{ type: 'repository', name: 'base', actions: ['pull', 'push'] }]
    const headers = { authorization: `Bearer ${await test.signed({ access })}` }
    const seed = `${registry.url}/v2/base/blobs/uploads/?digest=${digest}`
    expect((await fetch(seed, { method: 'POST', headers, body: bytes })).status).toBe(201)

    const mount = `${registry.url}/v2/hello/blobs/uploads/?mount=${digest}&from=base`
    const mounted = await fetchAs('ann', mount, { method: 'POST' })
    expect(mounted.status).toBe(201)
    expect(mounted.headers.get('location')).toBe(`/v2/hello/blobs/${digest}`)
    expect(server.asked).toEqual(['repository:hello:pull,push', 'repository:base:pull'])
  })
})

describe('mounting from a repository without the right to pull', () => {
  it('is an upload like any other, whether the blob is there or not', async () => {
    const registry = await test.start()
    const bytes = content()
    const digest = digestOf(bytes)
    const secret = await test.signed({ access: [{ type: 'repository', name: 'secret', actions: ['pull', 'push'] }] })
    const headers = { authorization: `Bearer ${secret}` }
    const url = `${registry.url}/v2/secret/blobs/uploads/?digest=${digest}`
    expect((await fetch(url, { method: 'POST', headers, body: bytes })).status).toBe(201)

    const token = await test.signed({ access: [{ type: 'repository', name: 'hello', actions: ['pull', 'push'] }] })
    for (const wanted of [digest, digestOf('something else')]) {
      const answer = await get(registry, `/v2/hello/blobs/uploads/?mount=${wanted}&from=secret`, token, 'POST')
      expect(answer.status).toBe(202)
      expect(answer.headers.get('location')).toMatch(/^\/v2\/hello\/blobs\/uploads\//)
    }
    expect((await get(registry, `/v2/hello/blobs/${digest}`, token, 'HEAD')).status).toBe(404)
  })
})

describe('a challenge', () => {
  it.each([
    ['GET', '/v2/', undefined],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ['GET', '/v2/a/b/tags/list', 'repository:a/b:pull'],
    ['GET', '/v2/a/manifests/latest', 'repository:a:pull'],
    ['HEAD', '/v2/a/manifests/latest', 'repository:a:pull'],
    ['PUT', '/v2/a/manifests/latest', 'repository:a:pull,push'],
    ['DELETE', '/v2/a/manifests/latest', 'repository:a:delete'],
    ['GET', `/v2/a/referrers/${digestOf('')}`, 'repository:a:pull'],
    ['POST', '/v2/a/blobs/uploads/', 'repository:a:pull,push'],
    ['POST', '/v2/a/blobs/uploads/?mount=x&from=b', 'repository:a:pull,push repository:b:pull'],
    ['POST', '/v2/a/blobs/uploads/?mount=x&from=a', 'repository:a:pull,push'],
    ['POST', '/v2/a/blobs/uploads/?mount=x&from=b%22,c=%22', 'repository:a:pull,push'],
    ['PATCH', '/v2/a/blobs/uploads/0', 'repository:a:pull,push'],
    ['GET', '/v2/a/blobs/uploads/0', 'repository:a:pull,push'],
    ['DELETE', '/v2/a/blobs/uploads/0', 'repository:a:pull,push'],
    ['GET', '/v2/A%22,x=%22/manifests/latest', undefined],
    ['GET', '/elsewhere', undefined],
  ])('to %s %s names the scope', async (method, path, scope) => {
    const response = await get(await test.start(), path, undefined, method)
    expect(response.status).toBe(401)
    const expected = { realm: 'https://auth.example.com/token', service: 'the registry' }
    expect(challengeOf(response)).toEqual(scope === undefined ? expected : { ...expected, scope })
  })

  it('says what was wrong with a token', async () => {
    const registry = await test.start()
    const invalid = await get(registry, '/v2/a/tags/list', 'none')
    expect(challengeOf(invalid)).toMatchObject({ scope: 'repository:a:pull', error: 'invalid_token' })
    const insufficient = await get(registry, '/v2/a/tags/list', await test.signed({ access: [pull('b')] }))
    expect(challengeOf(insufficient)).toMatchObject({ scope: 'repository:a:pull', error: 'insufficient_scope' })
    expect(insufficient.status).toBe(401)
    expect(await insufficient.json()).toEqual({
      errors: [
        {
          code: 'UNAUTHORIZED',
          message: 'authentication required',
          detail: [{ Type: 'repository', Class: '', Name: 'a', Action: 'pull' }],
        },
      ],
    })
  })

  it('leads to the host that was asked, where that is wanted', async () => {
    const registry = await test.start({ autoredirect: true })
    const { host } = new URL(registry.url)
    expect(challengeOf(await get(registry, '/v2/')).realm).toBe(`https://${host}/auth/token`)
    const elsewhere = await test.start({ autoredirect: true, autoredirectpath: '/token' })
    expect(challengeOf(await get(elsewhere, '/v2/')).realm).toMatch(/:\d+\/token$/)
  })
})

describe('what a token gives', () => {
  it.each([
    ['the action', [pull('a')], 200],
    ['all actions', [{ type: 'repository', name: 'a', actions: ['*'] }], 200],
    ['the action, among others', [pull('b'), { type: 'repository', name: 'a', actions: ['delete'] }, pull('a')], 200],
    ['a class, which does not count', [{ ...pull('a'), class: 'image' }], 200],
    ['another action', [{ type: 'repository', name: 'a', actions: ['push'] }], 401],
    ['another repository', [pull('ab'), pull('a/b')], 401],
    ['everything, as a name', [pull('*'), pull('')], 401],
    ['another kind of thing', [{ ...pull('a'), type: 'registry' }], 401],
    ['nothing', [], 401],
    ['nothing, as null', null, 401],
    ['no list', { a: ['pull'] }, 401],
    ['no actions', [{ type: 'repository', name: 'a' }], 401],
  ])('%s', async (_what, access, status) => {
    const registry = await test.start()
    const response = await get(registry, '/v2/a/tags/list', await test.signed({ access }))
    // Nobody has pushed to it: whoever may look is told so.
    expect(response.status).toBe(status === 200 ? 404 : status)
  })
})
