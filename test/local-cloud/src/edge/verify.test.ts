import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { getSignedCookies, getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startLocalCloud } from '../index.ts'
import type { EdgeRecord, LocalCloud } from '../index.ts'

const records: EdgeRecord[] = []
const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
}
const SECOND = 1000
let now = Math.floor(Date.now() / SECOND) * SECOND
let viewer = '127.0.0.1'
let cloud: LocalCloud

beforeAll(async () => {
  cloud = await startLocalCloud({
    edge: { now: () => now, viewerAddress: () => viewer, onRequest: record => records.push(record) },
  })
  cloud.edge.trust('RSA', keys.rsa.publicKey)
  cloud.edge.trust('EC', keys.ec.publicKey.export({ type: 'spki', format: 'pem' }).toString())
  const bucket = cloud.s3.bucket(cloud.bucket)
  await bucket.put('dir/a b', 'content')
  await bucket.put('dir/other', 'other')
})
afterAll(() => cloud.close())

interface Signing {
  url?: string
  key?: KeyObject
  keyPairId?: string
  algorithm?: 'SHA1' | 'SHA256'
  seconds?: number
}

function url(path = 'dir/a%20b'): string {
  return cloud.edge.baseUrl + path
}

/** As the AWS SDK signs it: canned. */
function canned(signing: Signing = {}): string {
  const { key = keys.rsa.privateKey, keyPairId = 'RSA', seconds = 60, algorithm } = signing
  return getSignedUrl({
    url: signing.url ?? url(),
    keyPairId,
    privateKey: pem(key),
    dateLessThan: new Date(now + seconds * SECOND).toISOString(),
    ...(algorithm ? { algorithm } : {}),
  })
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A custom policy signed by hand, so that it can be anything. */
function custom(policy: unknown, target = url(), hash: 'SHA1' | 'SHA256' = 'SHA1'): string {
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy)
  const signature = createSign(hash).update(text).sign(keys.rsa.privateKey)
  const join = target.includes('?') ? '&' : '?'
  return `${target}${join}Policy=${encode(Buffer.from(text))}&Signature=${encode(signature)}&Key-Pair-Id=RSA`
}

function statement(resource: string | undefined, condition: object = {}): object {
  const until = Math.floor(now / SECOND) + 60
  const Condition = { DateLessThan: { 'AWS:EpochTime': until }, ...condition }
  return { Statement: [{ ...(resource === undefined ? {} : { Resource: resource }), Condition }] }
}

function since(time: number): string {
  return custom(statement('*', { DateGreaterThan: { 'AWS:EpochTime': time } }))
}

function from(address: string): string {
  return custom(statement('*', { IpAddress: { 'AWS:SourceIp': address } }))
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~')
}

async function answer(target: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(target, { headers })
  const body = await response.text()
  if (response.status === 200) return body
  expect(response.status).toBe(403)
  expect(response.headers.get('content-type')).toBe('text/xml')
  expect(response.headers.get('server')).toBe('CloudFront')
  expect(response.headers.get('x-cache')).toBe('Error from cloudfront')
  expect(response.headers.get('x-amz-cf-pop')).toBeTruthy()
  return body
}

const REFUSED = {
  MissingKey:
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>',
  InvalidKey:
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>InvalidKey</Code><Message>Unknown Key</Message></Error>',
  MalformedSignature:
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>MalformedSignature</Code><Message>Could not unencode Signature</Message></Error>',
  MalformedPolicy:
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>MalformedPolicy</Code><Message>Malformed Policy</Message></Error>',
  AccessDenied: expect.stringContaining('<Code>AccessDenied</Code>'),
}

describe('signed by the AWS SDK', () => {
  it.each([
    ['RSA', 'rsa', 'SHA1'],
    ['RSA', 'rsa', 'SHA256'],
    ['EC', 'ec', 'SHA1'],
    ['EC', 'ec', 'SHA256'],
  ] as const)('a canned policy, %s (%s) with %s', async (keyPairId, key, algorithm) => {
    const signed = canned({ keyPairId, key: keys[key].privateKey, algorithm })
    expect(await answer(signed)).toBe('content')
    const other = algorithm === 'SHA1' ? 'SHA256' : 'SHA1'
    const swapped = signed.includes('Hash-Algorithm')
      ? signed.replace(algorithm, other)
      : `${signed}&Hash-Algorithm=${other}`
    expect(await answer(swapped)).toEqual(REFUSED.AccessDenied)
  })

  it('a custom policy, with every condition', async () => {
    const signed = getSignedUrl({
      url: url(),
      keyPairId: 'RSA',
      privateKey: pem(keys.rsa.privateKey),
      dateLessThan: new Date(now + 60 * SECOND).toISOString(),
      dateGreaterThan: new Date(now - 60 * SECOND).toISOString(),
      ipAddress: '127.0.0.0/8',
    })
    expect(await answer(signed)).toBe('content')
    viewer = '128.0.0.1'
    expect(await answer(signed)).toEqual(REFUSED.AccessDenied)
    viewer = '::ffff:127.9.9.9'
    expect(await answer(signed)).toBe('content')
    viewer = '::1'
    expect(await answer(signed)).toEqual(REFUSED.AccessDenied)
    viewer = '127.0.0.1'
    now += 61 * SECOND
    expect(await answer(signed)).toEqual(REFUSED.AccessDenied)
    now -= 122 * SECOND
    expect(await answer(signed)).toEqual(REFUSED.AccessDenied)
    now += 61 * SECOND
  })

  it('cookies, canned and custom, which a signed URL overrides', async () => {
    const privateKey = pem(keys.rsa.privateKey)
    const dateLessThan = new Date(now + 60 * SECOND).toISOString()
    const policy = JSON.stringify(statement(`${cloud.edge.baseUrl}dir/*`))
    const forOne = cookie(getSignedCookies({ url: url(), keyPairId: 'RSA', privateKey, dateLessThan }))
    const forAll = cookie(getSignedCookies({ policy, keyPairId: 'RSA', privateKey }))
    expect(await answer(url(), { cookie: forOne })).toBe('content')
    expect(await answer(url('dir/other'), { cookie: forOne })).toEqual(REFUSED.AccessDenied)
    expect(await answer(url('dir/other'), { cookie: forAll })).toBe('other')
    expect(await answer(url('elsewhere'), { cookie: forAll })).toEqual(REFUSED.AccessDenied)
    expect(await answer(url(), { cookie: forOne.replaceAll('CloudFront', 'cloudfront') })).toBe(REFUSED.MissingKey)
    expect(await answer(`${url()}?Expires=1`, { cookie: forOne })).toBe(REFUSED.MissingKey)
  })

  it('the query of the URL, byte for byte', async () => {
    const signed = canned({ url: `${url()}?a=1&b=%2f` })
    expect(await answer(signed)).toBe('content')
    expect(await answer(signed.replace('a=1', 'a=2'))).toEqual(REFUSED.AccessDenied)
    expect(await answer(`${signed}&c=3`)).toEqual(REFUSED.AccessDenied)
    expect(await answer(canned().replace('?', '?extra=1&'))).toEqual(REFUSED.AccessDenied)
  })
})

describe('denials', () => {
  it('has one body for each', async () => {
    const signed = canned()
    expect(await answer(url())).toBe(REFUSED.MissingKey)
    expect(await answer(signed.replace(/&Key-Pair-Id=\w+/, ''))).toBe(REFUSED.MissingKey)
    expect(await answer(signed.replace('Key-Pair-Id=RSA', 'Key-Pair-Id=NONE'))).toBe(REFUSED.InvalidKey)
    expect(await answer(signed.replace('Signature=', 'Signature=%21'))).toBe(REFUSED.MalformedSignature)
    expect(await answer(signed.replace(/&Signature=[^&]+/, ''))).toBe(REFUSED.MalformedSignature)
    expect(await answer(signed.replace(/Expires=\d+/, 'Expires=soon'))).toBe(REFUSED.MalformedPolicy)
    expect(await answer(signed.replace(/Expires=\d+&?/, ''))).toBe(REFUSED.MalformedPolicy)
    expect(await answer(signed.replace(/Expires=/, 'Expires=99999999999'))).toBe(REFUSED.MalformedPolicy)
    expect(await answer(signed.replace(/Expires=(\d+)/, 'Expires=1$1'))).toEqual(REFUSED.AccessDenied)
    expect(await answer(signed.replace('a%20b', 'other'))).toEqual(REFUSED.AccessDenied)
    expect(await answer(canned({ keyPairId: 'EC' }))).toEqual(REFUSED.AccessDenied)
    expect(await answer(canned({ seconds: -1 }))).toEqual(REFUSED.AccessDenied)
    expect(await answer(canned({ seconds: 2 ** 31 }))).toBe('content')
    const flipped = signed.replace(/Signature=(.)/, (_, first: string) => `Signature=${first === 'A' ? 'B' : 'A'}`)
    expect(await answer(flipped)).toEqual(REFUSED.AccessDenied)
  })

  it('judges the key before the signature, and the signature before the policy', async () => {
    expect(await answer(`${url()}?Key-Pair-Id=NONE&Signature=!&Policy=!`)).toBe(REFUSED.InvalidKey)
    expect(await answer(`${url()}?Key-Pair-Id=RSA&Signature=!&Policy=!`)).toBe(REFUSED.MalformedSignature)
    expect(await answer(`${url()}?Key-Pair-Id=RSA&Signature=AAAA&Policy=!`)).toBe(REFUSED.MalformedPolicy)
    expect(await answer(`${url()}?Key-Pair-Id=RSA&Signature=AAAA&Policy=AAAA`)).toBe(REFUSED.MalformedPolicy)
    expect(await answer(`${url()}?Key-Pair-Id=RSA&Signature=AAAA&Expires=9`)).toEqual(REFUSED.AccessDenied)
  })

  it('expires at the second, and trusts a key no longer than told', async () => {
    cloud.edge.trust('NEW', keys.rsa.publicKey)
    const signed = canned({ keyPairId: 'NEW', seconds: 10 })
    const before = now
    now = (Math.floor(now / SECOND) + 9) * SECOND
    expect(await answer(signed)).toBe('content')
    now += SECOND
    expect(await answer(signed)).toEqual(REFUSED.AccessDenied)
    now = before
    cloud.edge.distrust('NEW')
    expect(await answer(signed)).toBe(REFUSED.InvalidKey)
  })

  it('counts them and says why', async () => {
    cloud.edge.resetStats()
    records.length = 0
    await answer(url('dir/x'))
    await answer(canned())
    expect(cloud.edge.stats).toMatchObject({ denials: 1, errors: 0 })
    expect(records).toMatchObject([
      { method: 'GET', path: '/dir/x', key: 'dir/x', status: 403, result: 'Denied', denial: 'MissingKey' },
      { path: '/dir/a%20b', key: 'dir/a b', status: 200, denial: undefined, bytes: 7 },
    ])
    expect(records.at(0)?.bytes).toBe(REFUSED.MissingKey.length)
  })
})

describe('custom policies', () => {
  it.each([
    ['{}'],
    ['not JSON'],
    [{ Statement: [] }],
    [{ Statement: [{ Resource: '*' }] }],
    [{ Statement: [{ Resource: '*', Condition: {} }] }],
    [{ Statement: [{ Resource: '*', Condition: { DateLessThan: { 'AWS:EpochTime': 'soon' } } }] }],
    [{ Statement: [{ Resource: '*', Condition: { DateLessThan: { 'aws:epochtime': 9_999_999_999 } } }] }],
    [{ Statement: [{ Resource: 1, Condition: { DateLessThan: { 'AWS:EpochTime': 9_999_999_999 } } }] }],
    [statement('*', { IpAddress: { 'AWS:SourceIp': '::1/128' } })],
    [statement('*', { IpAddress: { 'AWS:SourceIp': '1.2.3.4/33' } })],
    [statement('*', { Unknown: {} })],
  ])('refuses %j as malformed', async policy => {
    expect(await answer(custom(policy))).toBe(REFUSED.MalformedPolicy)
  })

  it('allows everything without a resource, and takes 64-bit times', async () => {
    expect(await answer(custom(statement(undefined)))).toBe('content')
    const far = '{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":9223372036854775807}}}]}'
    expect(await answer(custom(far))).toBe('content')
    expect(await answer(custom(far.replace('5807', '5808')))).toBe(REFUSED.MalformedPolicy)
    const changed = custom(statement('*')).replace(/Policy=[^&]+/, `Policy=${encode(Buffer.from(far))}`)
    expect(await answer(changed)).toEqual(REFUSED.AccessDenied)
  })

  it('excludes the second of DateGreaterThan itself', async () => {
    const seconds = Math.floor(now / SECOND)
    expect(await answer(since(seconds))).toEqual(REFUSED.AccessDenied)
    expect(await answer(since(seconds - 1))).toBe('content')
  })

  it('takes single addresses', async () => {
    expect(await answer(from('127.0.0.1'))).toBe('content')
    expect(await answer(from('127.0.0.2/31'))).toEqual(REFUSED.AccessDenied)
    expect(await answer(from('0.0.0.0/0'))).toBe('content')
  })
})

describe('a name in front of the edge', () => {
  it('is the one that URLs are signed for', async () => {
    await using fronted = await startLocalCloud({ edge: { publicOrigin: 'https://cdn.example.com' } })
    await fronted.s3.bucket(fronted.bucket).put('k', 'behind')
    const signed = getSignedUrl({
      url: 'https://cdn.example.com/k',
      keyPairId: fronted.keyPairId,
      privateKey: fronted.privateKeyPkcs1!,
      dateLessThan: new Date(Date.now() + 60_000).toISOString(),
    })
    const got = await fetch(signed.replace('https://cdn.example.com/', fronted.edge.baseUrl))
    expect(await got.text()).toBe('behind')
    expect(createHash('sha1').update(fronted.privateKey).digest()).not.toEqual(
      createHash('sha1').update(cloud.privateKey).digest(),
    )
  })
})

function cookie(cookies: object): string {
  return Object.entries(cookies)
    .filter(([, value]) => value !== undefined)
    .map(pair => pair.join('='))
    .join('; ')
}
