import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import { type Certified, certify, derOf, publicKeyOf } from '@longshore/local-cloud'
import type { Refusal } from '../../src/auth/authenticator.ts'
import { libtrustKeyId } from '../../src/auth/certificates.ts'
import { codesOf } from '../support/client.ts'
import { until } from '../support/until.ts'
import { type TokenInit, challengeOf, tokenWith } from './token-server.ts'
import { get, pull, tokenTest } from './token-test.ts'

const test = tokenTest()

function privateJwk() {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
}

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
    const response = await get(await test.start(), '/v2/', await test.signed(init))
    expect(response.status).toBe(401)
    expect(challengeOf(response).error).toBe('invalid_token')
    expect(await codesOf(response)).toEqual(['UNAUTHORIZED'])
  })

  it('signed by another key of the same name', async () => {
    const kid = libtrustKeyId(publicKeyOf(test.signer))
    const token = await tokenWith(createPrivateKey(certify({ name: 'x' }).key), { header: { alg: 'ES256', kid } })
    expect((await get(await test.start(), '/v2/', token)).status).toBe(401)
  })

  it('that anybody could have made: unsigned, or signed with what everybody can see', async () => {
    const registry = await test.start()
    const kid = libtrustKeyId(publicKeyOf(test.signer))
    const [, payload] = (await test.signed()).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')
    const secret = Buffer.from(publicKeyOf(test.signer).export({ type: 'spki', format: 'pem' }))
    for (const token of [`${none}.${payload}.`, await tokenWith(secret, { header: { alg: 'HS256', kid } })]) {
      expect((await get(registry, '/v2/', token)).status).toBe(401)
    }
  })

  it('that was changed, cut off, or none at all', async () => {
    const registry = await test.start()
    const [header, payload = '', signature] = (await test.signed()).split('.')
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
    const registry = await test.start({ signingalgorithms: ['RS256'] })
    expect((await get(registry, '/v2/', await test.signed())).status).toBe(401)
  })
})

describe('a token is taken', () => {
  it.each<[string, Partial<TokenInit>]>([
    ['when the clocks differ a little', { expiresIn: -30, notBefore: 30 }],
    ['for several services', { audience: ['another', 'the registry'] }],
  ])('%s', async (_what, init) => {
    expect((await get(await test.start(), '/v2/', await test.signed(init))).status).toBe(200)
  })

  it('of each of several issuers', async () => {
    const registry = await test.start({ issuer: ['the token server', 'the other'] })
    expect((await get(registry, '/v2/', await test.signed({ issuer: 'the other' }))).status).toBe(200)
    expect((await get(registry, '/v2/', await test.signed())).status).toBe(200)
    expect((await get(registry, '/v2/', await test.signed({ issuer: 'a third' }))).status).toBe(401)
  })

  it('of a certificate, by its thumbprint', async () => {
    const kid = await calculateJwkThumbprint(await exportJWK(publicKeyOf(test.signer)))
    expect((await get(await test.start(), '/v2/', await test.signed({ header: { alg: 'ES256', kid } }))).status).toBe(
      200,
    )
  })

  it.each([
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['PS384', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('of a key set: %s', async (alg, { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }) => {
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'mine' }]
    await test.folder.write('jwks.json', JSON.stringify({ keys }))
    const registry = await test.start({ rootcertbundle: undefined, jwks: test.folder.file('jwks.json') })
    const token = await tokenWith(privateKey, { header: { alg, kid: 'mine' } })
    expect((await get(registry, '/v2/', token)).status).toBe(200)
  })
})

describe('a key of a key set alone', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  /** A registry that knows the key under a name of its own, or under none, and others. */
  async function startWith(kid: string | undefined, more: Record<string, unknown> = {}): Promise<{ url: string }> {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const keys = [
      { ...(await exportJWK(other.publicKey)), kid: 'another' },
      { ...(await exportJWK(rsa.publicKey)), kid: 'of another kind' },
      { ...(await exportJWK(publicKey)), ...(kid !== undefined && { kid }) },
    ]
    const jwks = await test.folder.write('jwks.json', JSON.stringify({ keys }))
    return test.start({ rootcertbundle: undefined, jwks, ...more })
  }

  it.each(['mine', undefined])('is found by all its names; in the set it is %s', async name => {
    const registry = await startWith(name)
    const names = [
      libtrustKeyId(publicKey),
      await calculateJwkThumbprint(await exportJWK(publicKey)),
      ...(name ? [name] : []),
    ]
    for (const kid of names) {
      const token = await tokenWith(privateKey, { header: { alg: 'ES256', kid } })
      expect([kid, (await get(registry, '/v2/', token)).status]).toEqual([kid, 200])
    }
    const token = await tokenWith(privateKey, { header: { alg: 'ES256', kid: 'another' } })
    expect((await get(registry, '/v2/', token)).status).toBe(401)
  })

  it('is found without a name, beside other keys and a bundle', async () => {
    const token = await tokenWith(privateKey, { header: { alg: 'ES256' } })
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const forged = await tokenWith(stranger.privateKey, { header: { alg: 'ES256' } })
    const bundle = await test.folder.write('bundle.pem', test.signer.cert)
    for (const rootcertbundle of [undefined, bundle]) {
      const registry = await startWith('mine', { rootcertbundle })
      expect((await get(registry, '/v2/', token)).status).toBe(200)
      expect((await get(registry, '/v2/', forged)).status).toBe(401)
    }
    const registry = await startWith('mine', { rootcertbundle: bundle })
    const ofBundle = await test.signed({ header: { alg: 'ES256' } })
    expect((await get(registry, '/v2/', ofBundle)).status).toBe(200)
  })

  it('may come in the token, and counts only when it is known', async () => {
    const registry = await startWith('mine')
    const forged = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const bringing = async (key: typeof forged, kid: string): Promise<string> =>
      tokenWith(key.privateKey, { header: { alg: 'ES256', jwk: { ...(await exportJWK(key.publicKey)), kid } } })
    expect((await get(registry, '/v2/', await bringing({ publicKey, privateKey }, 'mine'))).status).toBe(200)
    expect((await get(registry, '/v2/', await bringing(forged, 'mine'))).status).toBe(401)
    expect((await get(registry, '/v2/', await bringing(forged, 'forged'))).status).toBe(401)
  })

  it('is not used for what it is not meant for', async () => {
    const jwk = await exportJWK(publicKey)
    for (const restricted of [{ use: 'enc' }, { alg: 'ES512' }, { key_ops: ['encrypt'] }]) {
      const keys = [{ ...jwk, ...restricted, kid: 'mine' }]
      await test.folder.write('jwks.json', JSON.stringify({ keys }))
      const registry = await test.start({ rootcertbundle: undefined, jwks: test.folder.file('jwks.json') })
      const token = await tokenWith(privateKey, { header: { alg: 'ES256', kid: 'mine' } })
      expect((await get(registry, '/v2/', token)).status).toBe(401)
    }
  })
})

describe('the reason of a refusal', () => {
  async function refusalOf(token: string, path = '/v2/'): Promise<Refusal> {
    const refusals: Refusal[] = []
    const registry = await test.start({}, { onRefusal: refusal => refusals.push(refusal) })
    expect((await get(registry, path, token)).status).toBe(401)
    expect(JSON.stringify(refusals)).not.toContain(token.split('.')[2] || 'nothing')
    return refusals[0] ?? { kind: 'none', reason: '' }
  }

  it.each<[string, Partial<TokenInit>, RegExp]>([
    ['expired', { expiresIn: -120 }, /it expired 12\d seconds ago$/],
    ['exp', { expiresIn: undefined }, /it has no exp$/],
    ['nbf', { notBefore: 120 }, /it is valid only in \d+ seconds: does a clock go wrong\?$/],
    ['iss', { issuer: 'some\nbody' }, /found the issuer "some\\nbody"; accepted: auth\.token\.issuer$/],
    ['aud', { audience: 'another' }, /found the audience "another"; accepted: auth\.token\.service$/],
    ['access', { access: 'everything' }, /its access is not as Distribution has it$/],
    ['unknown key', { header: { alg: 'ES256', kid: 'somebody' } }, /there is no key of the name "somebody"$/],
    ['certificates', { header: { alg: 'ES256', x5c: [] } }, /its certificates \(x5c\) do not lead to rootcertbundle$/],
  ])('is told to the owner: %s', async (kind, init, reason) => {
    expect(await refusalOf(await test.signed(init))).toMatchObject({ kind, reason: expect.stringMatching(reason) })
  })

  it('is told for what is no token of a known key, too', async () => {
    const [header, payload] = (await test.signed()).split('.')
    expect(await refusalOf('hunter2')).toMatchObject({ kind: 'malformed' })
    expect(await refusalOf(`${header}.${payload}.AAAA`)).toMatchObject({ kind: 'signature' })
    const secret = Buffer.from('a secret that is long enough to be one')
    const shared = await tokenWith(secret, { header: { alg: 'HS256' } })
    expect(await refusalOf(shared)).toMatchObject({ kind: 'algorithm' })
    expect(await refusalOf(await test.signed(), '/v2/a/tags/list')).toEqual({
      kind: 'insufficient scope',
      reason: 'the credentials do not grant repository:a:pull',
    })
  })
})

describe('a token that comes with certificates', () => {
  const withChain = (key: string, chain: Certified[]): Promise<string> =>
    tokenWith(createPrivateKey(key), { header: { alg: 'ES256', x5c: chain.map(derOf) } })

  async function statusOf(key: Certified, chain: Certified[]): Promise<number> {
    return (await get(await test.start(), '/v2/', await withChain(key.key, chain))).status
  }

  it('is taken when they lead to the bundle', async () => {
    const root = { ...test.signer, name: 'the token server' }
    const between = certify({ name: 'between', issuer: root })
    const leaf = certify({ name: 'leaf', issuer: between, isAuthority: false })
    expect(await statusOf(leaf, [leaf, between])).toBe(200)
    expect(await statusOf(test.signer, [test.signer])).toBe(200)
    const direct = certify({ name: 'leaf', issuer: root, isAuthority: false })
    expect(await statusOf(direct, [direct])).toBe(200)
  })

  it('is refused when they do not', async () => {
    const root = { ...test.signer, name: 'the token server' }
    const stranger = certify({ name: 'the token server' })
    const between = certify({ name: 'between', issuer: root })
    const leaf = certify({ name: 'leaf', issuer: between, isAuthority: false })
    const noAuthority = certify({ name: 'no authority', issuer: root, isAuthority: false })
    const ended = certify({ name: 'ended', issuer: root, days: -1 })
    const cases: [Certified, Certified[]][] = [
      [stranger, [stranger]],
      [stranger, [test.signer]],
      [leaf, [leaf]],
      [ended, [ended]],
      [leaf, []],
      ...[noAuthority, ended, stranger].map((issuer): [Certified, Certified[]] => {
        const issued = certify({ name: 'leaf', issuer })
        return [issued, [issued, issuer]]
      }),
      [test.signer, Array.from({ length: 11 }, () => test.signer)],
    ]
    for (const [key, chain] of cases) expect(await statusOf(key, chain)).toBe(401)
    const token = await tokenWith(createPrivateKey(test.signer.key), { header: { alg: 'ES256', x5c: ['AAAA'] } })
    expect((await get(await test.start(), '/v2/', token)).status).toBe(401)
  })
})

describe('a key file', () => {
  it('counts soon after it has changed', async () => {
    const registry = await test.start()
    const before = await test.signed()
    expect((await get(registry, '/v2/', before)).status).toBe(200)
    test.signer = certify({ name: 'the next token server' })
    await test.folder.write('next.pem', test.signer.cert)
    await rename(test.folder.file('next.pem'), test.folder.file('bundle.pem'))
    const after = await test.signed()
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
    await test.folder.write('wrong', text)
    const error: unknown = await test.start({ [option]: test.folder.file('wrong') }).catch(error => error)
    expect(error).toMatchObject({ name: 'ConfigError' })
    expect((error as Error).message).toContain(
      `config.yml:2: auth.token.${option}: ${test.folder.file('wrong')}: ${message}`,
    )
    expect((error as Error).message).not.toMatch(/PRIVATE|c2VjcmV0|"d"/)
  })
})
