import { beforeAll, describe, expect, it } from '@jest/globals'
import { cloudFrontBase64 } from '../signing/base64.ts'
import { ecKey, rsaKey } from '../../test/signing-keys.ts'
import { thrownBy } from '../../test/thrown.ts'
import { type DenialReason, explain } from './index.ts'
import { type SigningOptions, createSigner, setCookieHeaders } from '../index.ts'

const rsa = rsaKey()
const ec = ecKey()
const publicKeys = { RSA: rsa.publicKey, EC: ec.publicKey.export({ type: 'spki', format: 'pem' }).toString() }
const signers = {
  RSA: createSigner({ keyPairId: 'RSA', privateKey: rsa.pem }),
  EC: createSigner({ keyPairId: 'EC', privateKey: ec.pem, hashAlgorithm: 'SHA256' }),
}
const url = 'https://d111111abcdef8.cloudfront.net/a?b=c'
const expiresAt = new Date('2030-01-01T00:00:00Z')
const notBefore = new Date('2029-01-01T00:00:00Z')
const now = new Date('2029-07-01T00:00:00Z')
const full: SigningOptions = { expiresAt, notBefore, ipAddress: '192.0.2.0/24' }

async function signed(options: SigningOptions, by: keyof typeof signers = 'RSA'): Promise<string> {
  const resource = options.notBefore && url
  return (await signers[by].signUrl(url, { ...options, resource })).url
}

describe('an explanation', () => {
  it('says what a URL allows, until when and for whom', async () => {
    expect(explain(await signed({ expiresAt }), publicKeys, { now })).toEqual({
      allowed: true,
      denial: undefined,
      keyPairId: 'RSA',
      hashAlgorithm: 'SHA1',
      policy: { kind: 'canned', resource: url, expiresAt, notBefore: undefined, ipAddress: undefined },
    })
    expect(explain(new URL(await signed(full, 'EC')), publicKeys, { now, clientIp: '::ffff:192.0.2.7' })).toEqual({
      allowed: true,
      denial: undefined,
      keyPairId: 'EC',
      hashAlgorithm: 'SHA256',
      policy: { kind: 'custom', resource: url, expiresAt, notBefore, ipAddress: '192.0.2.0/24' },
    })
  })

  it('reads cookies by their names, as signed, and out of a header', async () => {
    const cookies = await signers.RSA.signCookies('https://d111111abcdef8.cloudfront.net/*', full)
    const header = setCookieHeaders(cookies)
      .map(line => line.split(';')[0])
      .join('; ')
    for (const given of [cookies, cookies.cookies, `session=1; ${header}`]) {
      expect(explain(given, publicKeys, { now, url })).toMatchObject({
        allowed: true,
        policy: { expiresAt, notBefore },
      })
      expect(explain(given, publicKeys, { now, url: 'https://other/' }).denial?.reason).toBe('wrong-resource')
      expect(explain(given, publicKeys, { now }).allowed).toBe(true)
    }
  })

  it('does not look at cookies where the URL has a signing parameter', async () => {
    const cookies = await signers.RSA.signCookies(url, { expiresAt })
    expect(explain(cookies, publicKeys, { now, url }).allowed).toBe(true)
    expect(explain(cookies, publicKeys, { now, url: `${url}&Expires=1` }).denial?.code).toBe('MissingKey')
  })

  it('cannot judge a canned policy in cookies without the URL', async () => {
    const cookies = await signers.RSA.signCookies(url, { expiresAt })
    expect(thrownBy(() => explain(cookies, publicKeys)).message).toContain(
      'url: missing; accepted: the URL that is requested',
    )
  })

  it('knows times that no Date can hold', () => {
    const far = `${url}&Expires=9223372036854775807&Key-Pair-Id=RSA&Signature=AAAA`
    expect(explain(far, publicKeys).policy?.expiresAt.getTime()).toBe(8.64e15)
    expect(explain(far.replace('807&', '808&'), publicKeys).denial?.code).toBe('MalformedPolicy')
  })

  it('takes public keys only', () => {
    const wrong = { RSA: 'hello' }
    expect(thrownBy(() => explain(url, wrong)).message).toContain(
      'publicKeys.RSA: found a text that is not a PEM; accepted: ',
    )
    const p384 = { EC: ecKey('P-384').publicKey }
    expect(thrownBy(() => explain(url, p384)).message).toContain('found a public key of type ec on secp384r1')
    expect(thrownBy(() => explain('https://', publicKeys)).message).toContain('url: found a text that is no URL')
  })
})

describe('a denial', () => {
  let canned: string
  let custom: string
  beforeAll(async () => {
    canned = await signed({ expiresAt })
    custom = await signed(full)
  })

  it.each<[string, string, DenialReason, (urls: { canned: string; custom: string }) => string]>([
    ['no signature', 'MissingKey', 'missing-key', () => url],
    ['no key ID', 'MissingKey', 'missing-key', ({ canned }) => canned.replace('Key-Pair-Id=RSA', '')],
    ['an unknown key', 'InvalidKey', 'unknown-key', ({ canned }) => canned.replace('=RSA', '=K9')],
    ['no signature', 'MalformedSignature', 'malformed-signature', ({ canned }) => canned.replace(/&Signature=.*/, '')],
    ['other base64', 'MalformedSignature', 'malformed-signature', ({ canned }) => `${canned.slice(0, -1)}=`],
    ['no policy', 'MalformedPolicy', 'malformed-policy', ({ canned }) => canned.replace(/&Expires=\d+/, '')],
    [
      'an expiry that is no number',
      'MalformedPolicy',
      'malformed-policy',
      ({ canned }) => canned.replace('Expires=', 'Expires=x'),
    ],
    ['no JSON', 'MalformedPolicy', 'malformed-policy', ({ custom }) => withPolicy(custom, '{')],
    ['a bad policy', 'MalformedPolicy', 'malformed-policy', ({ custom }) => withPolicy(custom, '{"Statement":[]}')],
    ['no expiry', 'MalformedPolicy', 'malformed-policy', ({ custom }) => withPolicy(custom, policy({}))],
    [
      'an unknown condition',
      'MalformedPolicy',
      'malformed-policy',
      ({ custom }) => withPolicy(custom, policy({ DateLessThan: { 'AWS:EpochTime': 1 }, Method: 'GET' })),
    ],
    [
      'a block of IPv6',
      'MalformedPolicy',
      'malformed-policy',
      ({ custom }) =>
        withPolicy(
          custom,
          policy({ DateLessThan: { 'AWS:EpochTime': 1 }, IpAddress: { 'AWS:SourceIp': '2001:db8::/32' } }),
        ),
    ],
    ['an unknown hash', 'AccessDenied', 'unknown-hash-algorithm', ({ canned }) => `${canned}&Hash-Algorithm=MD5`],
    ['another hash', 'AccessDenied', 'wrong-hash-algorithm', ({ canned }) => `${canned}&Hash-Algorithm=SHA256`],
    ['another path', 'AccessDenied', 'wrong-signature', ({ canned }) => canned.replace('/a?', '/b?')],
    ['another path', 'AccessDenied', 'wrong-resource', ({ custom }) => custom.replace('/a?', '/b?')],
    ['another query', 'AccessDenied', 'wrong-resource', ({ custom }) => `${custom}&d=e`],
    ['a later expiry', 'AccessDenied', 'wrong-signature', ({ canned }) => canned.replace('Expires=1', 'Expires=2')],
    ["another's key", 'AccessDenied', 'wrong-signature', ({ canned }) => canned.replace('=RSA', '=EC')],
  ])('for %s is %s', (_, code, reason, change) => {
    const changed = change({ canned, custom })
    const { allowed, denial } = explain(changed, publicKeys, { now })
    expect({ allowed, code: denial?.code, reason: denial?.reason }).toEqual({ allowed: false, code, reason })
    expect(denial?.message).toMatch(/\w.*[^.]$/)
  })

  it.each<[DenialReason | undefined, string, string]>([
    ['expired', '2030-01-01T00:00:00Z', '192.0.2.7'],
    [undefined, '2029-12-31T23:59:59.999Z', '192.0.2.7'],
    ['not-yet-valid', '2029-01-01T00:00:00.999Z', '192.0.2.7'],
    [undefined, '2029-01-01T00:00:01Z', '192.0.2.7'],
    ['wrong-address', '2029-07-01T00:00:00Z', '192.0.3.7'],
    ['wrong-address', '2029-07-01T00:00:00Z', '2001:db8::1'],
    ['wrong-address', '2029-07-01T00:00:00Z', 'unknown'],
  ])('is %s at %s for %s', (reason, at, clientIp) => {
    expect(explain(custom, publicKeys, { now: new Date(at), clientIp }).denial?.reason).toBe(reason)
  })

  it('names the key that made the signature', () => {
    const { denial } = explain(canned.replace('=RSA', '=EC'), publicKeys, { now })
    expect(denial?.message).toBe('the signature was made by the key RSA')
  })

  it('still says what the policy would allow', () => {
    expect(explain(custom.replace('=RSA', '=K9'), publicKeys).policy).toMatchObject({ expiresAt, notBefore })
  })
})

function withPolicy(signedUrl: string, text: string): string {
  return signedUrl.replace(/Policy=[^&]*/, `Policy=${cloudFrontBase64(Buffer.from(text))}`)
}

function policy(condition: object): string {
  return JSON.stringify({ Statement: [{ Resource: '*', Condition: condition }] })
}
