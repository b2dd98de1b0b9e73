import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type StorageDriver, inmemory } from '@longshore/middleware-core'
import bcrypt from 'bcrypt'
import { exportJWK } from 'jose'
import { createRegistry } from '../../src/app.ts'
import { basic } from '../support/client.ts'
import { content, digestOf, imageType, newManifest, pushBlob, putManifest, startUpload } from '../support/client.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type GuardedRegistry, startGuarded } from '../support/guarded-registry.ts'
import { startRegistry } from '../support/registry.ts'
import { tokenWith } from './token-server.ts'

const folder = temporaryFolder()
const cleanUps: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp[Symbol.asyncDispose]()
})

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const tokenFor = (access: unknown): Promise<string> =>
  tokenWith(privateKey, { access, header: { alg: 'EdDSA', kid: 'key' } })

beforeEach(async () => {
  await folder.write('htpasswd', `ann:${await bcrypt.hash('secret', 4)}\n`)
  await folder.write('jwks', JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key' }] }))
})

const sections = {
  htpasswd: () => `auth: { htpasswd: { realm: here, path: ${folder.file('htpasswd')} } }`,
  token: () =>
    'auth: { token: { realm: "https://auth.example.com", service: the registry, issuer: the token server, ' +
    `jwks: ${folder.file('jwks')} } }`,
}

async function start(text: string, options: Parameters<typeof startGuarded>[1] = {}): Promise<GuardedRegistry> {
  const registry = await startGuarded(text, { deletes: true, ...options })
  cleanUps.push(registry)
  return registry
}

/** Every method and URL that the registry has a route for, as Fastify tells of them. */
async function allRoutes(): Promise<{ method: string; route: string }[]> {
  const app = createRegistry(inmemory())
  await app.ready()
  const parents: string[] = []
  const routes = app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap(line => {
      const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \(([^)]*)\)/.exec(line) ?? []
      parents.splice(indent.length / 4, Infinity, part)
      return methods.split(', ').map(method => ({ method, route: parents.join('') }))
    })
    .filter(({ method }) => method !== '')
  await app.close()
  return routes
}

/** What is in the registry that has something in it. */
interface Contents {
  storage: StorageDriver
  blob: string
  upload: string
}

async function fill(): Promise<Contents> {
  await using registry = await startRegistry({ deletes: true })
  const { storage } = registry
  const blob = await pushBlob(registry, content(), 'hello')
  await putManifest(registry, 'latest', await newManifest(registry, 'hello'), { name: 'hello' })
  const upload = await startUpload(registry, 'hello')
  return { storage, blob, upload: new URL(upload).pathname.split('/').at(-1) ?? '' }
}

/** A route's URLs: of things that are there, of things that are not, and of names that nothing can have. */
function urlsOf(route: string, { blob, upload }: Contents): string[] {
  const there = { name: 'hello', digest: blob, reference: 'latest', id: upload }
  const absent = {
    name: 'nobody/nothing',
    digest: digestOf('nothing'),
    reference: 'none',
    id: '00000000-0000-4000-8000-000000000000',
  }
  const impossible = { name: 'Hello"', digest: 'sha256:x', reference: '..', id: '-' }
  const fillIn = (values: Record<string, string>): string =>
    route.replaceAll(/:(\w+)/g, (_text, name: string) => encodeURI(values[name] ?? ''))
  return [...new Set([there, { ...absent, name: 'hello' }, absent, impossible].map(fillIn))]
}

/** An answer without what differs from request to request. */
async function answerTo(
  { port }: { port: number },
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const sent = request({ host: '127.0.0.1', port, method, path, headers }).end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  const { date: _date, 'x-request-id': _id, ...rest } = response.headers
  return { status: response.statusCode, headers: rest, body: await text(response) }
}

/** Tells of every call that reaches a storage. */
function observed(storage: StorageDriver, calls: string[]): StorageDriver {
  return new Proxy(storage, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...given: unknown[]): unknown => {
        calls.push(String(name))
        return Reflect.apply(member, target, given)
      }
    },
  })
}

describe.each(['htpasswd', 'token'] as const)('with auth.%s', kind => {
  it('nothing is answered, and nothing looked up, for whoever does not say who they are', async () => {
    const contents = await fill()
    const calls: string[] = []
    const full = await start(sections[kind](), { storage: observed(contents.storage, calls) })
    const empty = await start(sections[kind]())
    const routes = (await allRoutes()).filter(({ route }) => route !== '/healthz' && route !== '/')
    expect(routes.length).toBeGreaterThan(20)
    const unknown = ['/v2/hello', '/v2/hello/blobs', '/v3/', '/v2//', '/v2/_catalog/', '/metrics', '/healthz/']
    const everything = [...routes, ...unknown.map(route => ({ method: 'GET', route }))]
    calls.length = 0
    for (const { method, route } of everything) {
      for (const url of urlsOf(route, contents)) {
        const answer = await answerTo(full, method, url)
        expect({ method, url, answer }).toMatchObject({ answer: { status: 401 } })
        expect({ method, url, answer }).toEqual({ method, url, answer: await answerTo(empty, method, url) })
      }
    }
    expect(calls).toEqual([])
  })

  it('wrong credentials open nothing either', async () => {
    const contents = await fill()
    const calls: string[] = []
    const registry = await start(sections[kind](), { storage: observed(contents.storage, calls) })
    calls.length = 0
    for (const headers of [basic('ann', 'guess'), { authorization: 'Bearer none' }, { authorization: '' }]) {
      expect(await answerTo(registry, 'GET', '/v2/hello/manifests/latest', headers)).toMatchObject({ status: 401 })
    }
    expect(calls).toEqual([])
  })

  it('whether it works is told to everybody', async () => {
    const registry = await start(sections[kind]())
    expect(await answerTo(registry, 'GET', '/healthz')).toMatchObject({ status: 200 })
    for (const method of ['GET', 'HEAD']) {
      expect(await answerTo(registry, method, '/')).toMatchObject({ status: 200, body: '' })
    }
  })

  it('a browser’s preflight is answered before any login, the same whatever there is', async () => {
    const headers = { 'access-control-allow-origin': ['https://ui.example'], 'access-control-allow-methods': ['GET'] }
    const contents = await fill()
    const calls: string[] = []
    const full = await start(sections[kind](), { storage: observed(contents.storage, calls), headers })
    const empty = await start(sections[kind](), { headers, readOnly: true })
    const preflight = { origin: 'https://ui.example', 'access-control-request-method': 'DELETE' }
    calls.length = 0
    for (const route of ['/v2/', '/v2/_catalog', '/v2/:name/manifests/:reference', '/v2/:name/blobs/:digest', '/v3/']) {
      for (const url of urlsOf(route, contents)) {
        const answer = await answerTo(full, 'OPTIONS', url, preflight)
        expect({ url, answer }).toMatchObject({
          answer: { status: 204, body: '', headers: { 'access-control-allow-origin': 'https://ui.example' } },
        })
        expect({ url, answer }).toEqual({ url, answer: await answerTo(empty, 'OPTIONS', url, preflight) })
      }
    }
    expect(calls).toEqual([])
    expect(await answerTo(full, 'OPTIONS', '/v2/', { origin: 'https://ui.example' })).toMatchObject({ status: 401 })
    // The browser has to be able to read a refusal, too.
    expect(await answerTo(full, 'GET', '/v2/', { origin: 'https://ui.example' })).toMatchObject({
      status: 401,
      headers: { 'access-control-allow-origin': 'https://ui.example' },
    })
  })
})

it('with a token for another repository nothing can be told apart either', async () => {
  const contents = await fill()
  const calls: string[] = []
  const full = await start(sections.token(), { storage: observed(contents.storage, calls) })
  const empty = await start(sections.token())
  const access = [{ type: 'repository', name: 'other', actions: ['pull', 'push', 'delete', '*'] }]
  const headers = { authorization: `Bearer ${await tokenFor(access)}` }
  const routes = (await allRoutes()).filter(({ route }) => route.includes(':name') || route.includes('_catalog'))
  calls.length = 0
  for (const { method, route } of routes) {
    for (const url of urlsOf(route, contents).filter(url => !url.includes('Hello'))) {
      const answer = await answerTo(full, method, url, headers)
      expect({ method, url, answer }).toMatchObject({ answer: { status: 401 } })
      expect({ method, url, answer }).toEqual({ method, url, answer: await answerTo(empty, method, url, headers) })
    }
  }
  expect(calls).toEqual([])
})

it('what is refused is not received', async () => {
  const registry = await start(sections.htpasswd())
  const before = registry.storage
  const answer = await putManifest(registry, 'latest', '{}', { name: 'hello', type: imageType })
  expect(answer.status).toBe(401)
  expect(await before.list('/')).toEqual([])
})

it('who has said who they are is told what there is no endpoint for, and what no name is', async () => {
  const registry = await start(sections.htpasswd())
  const headers = basic('ann', 'secret')
  expect(await answerTo(registry, 'GET', '/v2/hello', headers)).toMatchObject({ status: 404 })
  expect(await answerTo(registry, 'GET', '/v2/Hello/tags/list', headers)).toMatchObject({ status: 400 })
})
