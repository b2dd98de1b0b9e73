import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import { libtrustKeyId } from '../src/access/certificates.ts'
import { type GuardedRegistry, startGuarded, temporaryFolder, until } from './access-support.ts'
import { type Certified, certify, derOf, publicKeyOf } from './certificates.ts'
import { codesOf, content, digestOf } from './support.ts'
import { type TokenInit, challengeOf, fetchAs, startTokenServer, tokenWith } from './token-server.ts'

const folder = temporaryFolder()
const cleanUps: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp[Symbol.asyncDispose]()
})

let signer: Certified
beforeEach(() => {
  signer = certify({ name: 'the token server' })
})

/** A registry that takes tokens signed with the test's certificate. */
async function start(options: Record<string, unknown> = {}): Promise<GuardedRegistry> {
  await writeFile(folder.file('bundle.pem'), signer.cert)
  const token = {
    realm: 'https://auth.example.com/token',
    service: 'the registry',
    issuer: 'the token server',
    rootcertbundle: folder.file('bundle.pem'),
    ...options,
  }
  const given = Object.fromEntries(Object.entries(token).filter(([, value]) => value !== undefined))
  const registry = await startGuarded(`auth: ${JSON.stringify({ token: given })}`)
  cleanUps.push(registry)
  return registry
}

/** A token by the test's key, which is called as `jwk` thumbprints call it. */
function signed(init: Partial<TokenInit> = {}): Promise<string> {
  const kid = libtrustKeyId(publicKeyOf(signer))
  return tokenWith(createPrivateKey(signer.key), { header: { alg: 'ES256', kid }, ...init })
}

function get({ url }: { url: string }, path: string, token?: string, method = 'GET'): Promise<Response> {
  return fetch(`${url}${path}`, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
}

function privateJwk() {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
}

const pull = (name: string) => ({ type: 'repository', name, actions: ['pull'] })

describe('a client with a token server', () => {
  const rights = {
    ann: { hello: ['pull', 'push', 'delete'], base: ['pull'], catalog: ['*'] },
    bob: { hello: ['pull'] },
  }

  async function startBoth() {
    const server = await startTokenServer(rights, (access, subject) => signed({ access, subject }))
    cleanUps.push(server)
    return { server, registry: await start({ realm: server.realm }) }
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
    const headers = { authorization: `Bearer ${await signed({ access })}` }
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
    const registry = await start()
    const bytes = content()
    const digest = digestOf(bytes)
    const secret = await signed({ access: [{ type: 'repository', name: 'secret', actions: ['pull', 'push'] }] })
    const headers = { authorization: `Bearer ${secret}` }
    const url = `${registry.url}/v2/secret/blobs/uploads/?digest=${digest}`
    expect((await fetch(url, { method: 'POST', headers, body: bytes })).status).toBe(201)

    const token = await signed({ access: [{ type: 'repository', name: 'hello', actions: ['pull', 'push'] }] })
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
    const response = await get(await start(), path, undefined, method)
    expect(response.status).toBe(401)
    const expected = { realm: 'https://auth.example.com/token', service: 'the registry' }
    expect(challengeOf(response)).toEqual(scope === undefined ? expected : { ...expected, scope })
  })

  it('says what was wrong with a token', async () => {
    const registry = await start()
    const invalid = await get(registry, '/v2/a/tags/list', 'none')
    expect(challengeOf(invalid)).toMatchObject({ scope: 'repository:a:pull', error: 'invalid_token' })
    const insufficient = await get(registry, '/v2/a/tags/list', await signed({ access: [pull('b')] }))
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
    const registry = await start({ autoredirect: true })
    const { host } = new URL(registry.url)
    expect(challengeOf(await get(registry, '/v2/')).realm).toBe(`https://${host}/auth/token`)
    const elsewhere = await start({ autoredirect: true, autoredirectpath: '/token' })
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
    const registry = await start()
    const response = await get(registry, '/v2/a/tags/list', await signed({ access }))
    // Nobody has pushed to it: whoever may look is told so.
    expect(response.status).toBe(status === 200 ? 404 : status)
  })
})

describe('a token is refused', () => {
  it.each<[string, Partial<TokenInit>]>([
    ['that has expired', { expiresIn: -120 }],
    ['that never expires', { expiresIn: undefined }],
    ['that is not valid yet', { notBefore: 120 }],
    ['of another issuer', { issuer: 'somebody' }],
    ['of no issuer', { issuer: undefined }],
    ['for another service', { audience: 'another registry' }],
    ['for no service', { audience: undefined }],
    ['of a key that nobody knows', { header: { alg: 'ES256', kid: 'somebody' } }],
  ])('%s', async (_what, init) => {
    const response = await get(await start(), '/v2/', await signed(init))
    expect(response.status).toBe(401)
    expect(challengeOf(response).error).toBe('invalid_token')
    expect(await codesOf(response)).toEqual(['UNAUTHORIZED'])
  })

  it('signed by another key of the same name', async () => {
    const kid = libtrustKeyId(publicKeyOf(signer))
    const token = await tokenWith(createPrivateKey(certify({ name: 'x' }).key), { header: { alg: 'ES256', kid } })
    expect((await get(await start(), '/v2/', token)).status).toBe(401)
  })

  it('that anybody could have made: unsigned, or signed with what everybody can see', async () => {
    const registry = await start()
    const kid = libtrustKeyId(publicKeyOf(signer))
    const [, payload] = (await signed()).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')
    const secret = Buffer.from(publicKeyOf(signer).export({ type: 'spki', format: 'pem' }))
    for (const token of [`${none}.${payload}.`, await tokenWith(secret, { header: { alg: 'HS256', kid } })]) {
      expect((await get(registry, '/v2/', token)).status).toBe(401)
    }
  })

  it('that was changed, cut off, or none at all', async () => {
    const registry = await start()
    const [header, payload = '', signature] = (await signed()).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const more = Buffer.from(JSON.stringify({ ...claims, access: [pull('a')] })).toString('base64url')
    for (const token of [
      `${header}.${more}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      'x',
      '{}',
    ]) {
      expect((await get(registry, '/v2/', token)).status).toBe(401)
    }
  })

  it('that is signed in a way that was not chosen', async () => {
    const registry = await start({ signingalgorithms: ['RS256'] })
    expect((await get(registry, '/v2/', await signed())).status).toBe(401)
  })
})

describe('a token is taken', () => {
  it.each<[string, Partial<TokenInit>]>([
    ['when the clocks differ a little', { expiresIn: -30, notBefore: 30 }],
    ['for several services', { audience: ['another', 'the registry'] }],
  ])('%s', async (_what, init) => {
    expect((await get(await start(), '/v2/', await signed(init))).status).toBe(200)
  })

  it('of each of several issuers', async () => {
    const registry = await start({ issuer: ['the token server', 'the other'] })
    expect((await get(registry, '/v2/', await signed({ issuer: 'the other' }))).status).toBe(200)
    expect((await get(registry, '/v2/', await signed())).status).toBe(200)
    expect((await get(registry, '/v2/', await signed({ issuer: 'a third' }))).status).toBe(401)
  })

  it('of a certificate, by its thumbprint', async () => {
    const kid = await calculateJwkThumbprint(await exportJWK(publicKeyOf(signer)))
    expect((await get(await start(), '/v2/', await signed({ header: { alg: 'ES256', kid } }))).status).toBe(200)
  })

  it.each([
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['PS384', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('of a key set: %s', async (alg, { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }) => {
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'mine' }]
    await writeFile(folder.file('jwks.json'), JSON.stringify({ keys }))
    const registry = await start({ rootcertbundle: undefined, jwks: folder.file('jwks.json') })
    const token = await tokenWith(privateKey, { header: { alg, kid: 'mine' } })
    expect((await get(registry, '/v2/', token)).status).toBe(200)
  })
})

describe('a token that comes with certificates', () => {
  const withChain = (key: string, chain: Certified[]): Promise<string> =>
    tokenWith(createPrivateKey(key), { header: { alg: 'ES256', x5c: chain.map(derOf) } })

  async function statusOf(key: Certified, chain: Certified[]): Promise<number> {
    return (await get(await start(), '/v2/', await withChain(key.key, chain))).status
  }

  it('is taken when they lead to the bundle', async () => {
    const root = { ...signer, name: 'the token server' }
    const between = certify({ name: 'between', issuer: root })
    const leaf = certify({ name: 'leaf', issuer: between, isAuthority: false })
    expect(await statusOf(leaf, [leaf, between])).toBe(200)
    expect(await statusOf(signer, [signer])).toBe(200)
    const direct = certify({ name: 'leaf', issuer: root, isAuthority: false })
    expect(await statusOf(direct, [direct])).toBe(200)
  })

  it('is refused when they do not', async () => {
    const root = { ...signer, name: 'the token server' }
    const stranger = certify({ name: 'the token server' })
    const between = certify({ name: 'between', issuer: root })
    const leaf = certify({ name: 'leaf', issuer: between, isAuthority: false })
    const noAuthority = certify({ name: 'no authority', issuer: root, isAuthority: false })
    const ended = certify({ name: 'ended', issuer: root, days: -1 })
    const cases: [Certified, Certified[]][] = [
      [stranger, [stranger]],
      [stranger, [signer]],
      [leaf, [leaf]],
      [ended, [ended]],
      [leaf, []],
      ...[noAuthority, ended, stranger].map((issuer): [Certified, Certified[]] => {
        const issued = certify({ name: 'leaf', issuer })
        return [issued, [issued, issuer]]
      }),
      [signer, Array.from({ length: 11 }, () => signer)],
    ]
    for (const [key, chain] of cases) expect(await statusOf(key, chain)).toBe(401)
    const token = await tokenWith(createPrivateKey(signer.key), { header: { alg: 'ES256', x5c: ['AAAA'] } })
    expect((await get(await start(), '/v2/', token)).status).toBe(401)
  })
})

describe('a key file', () => {
  it('counts soon after it has changed', async () => {
    const registry = await start()
    const before = await signed()
    expect((await get(registry, '/v2/', before)).status).toBe(200)
    signer = certify({ name: 'the next token server' })
    await writeFile(folder.file('next.pem'), signer.cert)
    await rename(folder.file('next.pem'), folder.file('bundle.pem'))
    const after = await signed()
    await until(async () => (await get(registry, '/v2/', after)).status === 200)
    expect((await get(registry, '/v2/', before)).status).toBe(401)
    expect(registry.warnings).toEqual([])
  })

  const noCertificates = 'accepted: certificates in PEM, and nothing else'
  const noKeys = 'accepted: a JSON Web Key Set of public RSA, EC or OKP keys'
  it.each<[string, string, string, string]>([
    ['no PEM', 'rootcertbundle', 'nothing', noCertificates],
    ['a private key', 'rootcertbundle', certify({ name: 'x' }).key, noCertificates],
    ['no JSON', 'jwks', '{', noKeys],
    ['no keys', 'jwks', '{"keys": []}', noKeys],
    ['a shared key', 'jwks', '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', noKeys],
    ['a broken key', 'jwks', '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}', noKeys],
    ['a private key, as JSON', 'jwks', JSON.stringify({ keys: [privateJwk()] }), noKeys],
  ])('stops the start when it holds %s', async (_what, option, text, message) => {
    await writeFile(folder.file('wrong'), text)
    const error: unknown = await start({ [option]: folder.file('wrong') }).catch(error => error)
    expect(error).toMatchObject({ name: 'ConfigError' })
    expect((error as Error).message).toContain(
      `config.yml:2: auth.token.${option}: ${folder.file('wrong')}: ${message}`,
    )
    expect((error as Error).message).not.toMatch(/PRIVATE|c2VjcmV0|"d"/)
  })
})
