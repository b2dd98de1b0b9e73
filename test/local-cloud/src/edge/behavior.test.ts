import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { view } from '../../test/viewer.ts'
import { type BucketView, type Distribution, type LocalCloud, startLocalCloud } from '../index.ts'

let cloud: LocalCloud
let bucket: BucketView
let distribution: Distribution
let defaults: Distribution

beforeAll(async () => {
  cloud = await startLocalCloud()
  bucket = cloud.s3.bucket(cloud.bucket)
  distribution = cloud.edge.distribution
  defaults = { ...distribution }
})
beforeEach(async () => {
  Object.assign(distribution, defaults)
  cloud.edge.invalidate()
  cloud.edge.resetStats()
  bucket.clear()
  await bucket.put('k', 'content')
})
afterAll(() => cloud.close())

describe('viewer access', () => {
  it('is open where it is not restricted', async () => {
    expect((await view(cloud, 'k', { isSigned: false })).code).toBe('MissingKey')
    distribution.restrictViewerAccess = false
    expect((await view(cloud, 'k', { isSigned: false })).status).toBe(200)
    expect((await view(cloud, 'k', { seconds: -60 })).status).toBe(200)
  })

  it('tells an unknown key id from a wrong key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const wrong = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const unknown = await view(cloud, 'k', { keyPairId: 'KUNKNOWN' })
    expect([unknown.status, unknown.code]).toEqual([403, 'InvalidKey'])
    expect(unknown.body.toString()).toContain('<Message>Unknown Key</Message>')
    expect(unknown.headers.get('server')).toBe('CloudFront')
    expect((await view(cloud, 'k', { privateKey: wrong })).code).toBe('AccessDenied')
  })
})

describe('the cache policy', () => {
  it('leaves the signature out of the key, unless told otherwise', async () => {
    const seen = async (seconds: number) => (await view(cloud, 'k?a=1', { seconds })).cache
    distribution.queryStrings = 'all'
    expect([await seen(60), await seen(600)]).toEqual(['Miss', 'Hit'])
    distribution.signatureInCacheKey = true
    expect([await seen(6000), await seen(60_000)]).toEqual(['Miss', 'Miss'])
    expect(cloud.s3.requests.records.at(-1)?.target).toBe('/longshore/k?a=1')
  })

  it('CachingDisabled: every request is a miss, and asks the bucket', async () => {
    await view(cloud, 'k')
    distribution.cachingDisabled = true
    for (const method of ['GET', 'GET', 'HEAD']) {
      const { cache, headers, status } = await view(cloud, 'k', { method })
      expect([status, cache, headers.get('age')]).toEqual([200, 'Miss', null])
    }
    expect(cloud.edge.stats.originRequests).toBe(4)
    distribution.cachingDisabled = false
    expect((await view(cloud, 'k')).headers.get('age')).toBe('0')
  })
})

describe('compression', () => {
  const text = JSON.stringify({ text: 'x'.repeat(2000) })

  beforeEach(async () => {
    distribution.compress = true
    await bucket.put('json', text, { 'content-type': 'application/json; charset=utf-8' })
  })

  it.each([
    ['gzip', 'gzip, br;q=0'],
    ['br', 'gzip, deflate, br'],
  ])('sends %s, with a weak ETag and no length, by GET and HEAD, as a miss and as a hit', async (name, wanted) => {
    const headers = { 'accept-encoding': wanted }
    const etag = `W/"${bucket.info('json')?.etag}"`
    for (const [method, cache] of [
      ['HEAD', 'Miss'],
      ['GET', 'Miss'],
      ['GET', 'Hit'],
      ['HEAD', 'Hit'],
    ] as const) {
      const answer = await view(cloud, 'json', { headers, method })
      expect([answer.status, answer.cache]).toEqual([200, cache])
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        etag,
        'content-encoding': name,
        vary: 'Accept-Encoding',
      })
      expect(answer.headers.has('content-length')).toBe(false)
      // `fetch` has undone the encoding.
      if (method === 'GET') expect(answer.body.toString()).toBe(text)
    }
    expect((await view(cloud, 'json', { headers: { ...headers, 'if-none-match': etag } })).status).toBe(304)
  })

  it.each<[why: string, key: string, headers: Record<string, string>, status: number]>([
    ['the viewer takes no encoding', 'json', {}, 200],
    ['only a part is asked for', 'json', { 'accept-encoding': 'gzip', range: 'bytes=0-9' }, 206],
    ['it is no type for it', 'binary', { 'accept-encoding': 'gzip' }, 200],
    ['it is under 1,000 bytes', 'small', { 'accept-encoding': 'gzip' }, 200],
    ['it is over 10,000,000 bytes', 'large', { 'accept-encoding': 'gzip' }, 200],
    ['it is encoded already', 'encoded', { 'accept-encoding': 'gzip' }, 200],
  ])('leaves the bytes alone where %s', async (_why, key, headers, status) => {
    const type = { 'content-type': 'text/plain' }
    await bucket.put('binary', text, { 'content-type': 'application/octet-stream' })
    await bucket.put('small', 'x'.repeat(999), type)
    await bucket.put('large', Buffer.alloc(10_000_001), type)
    await bucket.put('encoded', text, { ...type, 'content-encoding': 'zstd' })
    const answer = await view(cloud, key, { headers })
    expect([answer.status, answer.headers.get('vary')]).toEqual([status, null])
    expect(answer.headers.get('etag')).toMatch(/^"/)
    expect(Number(answer.headers.get('content-length'))).toBe(answer.body.length)
  })
})

describe('custom error pages', () => {
  beforeEach(async () => {
    await bucket.put('index.html', '<html>', { 'content-type': 'text/html' })
    distribution.customErrors = [{ errorCode: 403, responseCode: 200, responsePagePath: '/index.html' }]
  })

  it.each([
    ['of the origin', { path: 'absent' }],
    ['of the edge itself', { path: 'k', isSigned: false }],
  ])('replace errors %s', async (_whose, { path, ...request }) => {
    const answer = await view(cloud, path, request)
    expect([answer.status, answer.cache, answer.body.toString()]).toEqual([200, 'Error', '<html>'])
    expect(answer.headers.get('content-type')).toBe('text/html')
    const head = await view(cloud, path, { ...request, method: 'HEAD' })
    expect([head.status, head.cache, head.headers.get('content-length')]).toEqual([200, 'Error', '6'])
    expect((await view(cloud, 'k')).body.toString()).toBe('content')
  })

  it('keep the status where no other is named, and give the error of a page that is not there', async () => {
    distribution.customErrors = [{ errorCode: 403, responsePagePath: '/index.html' }]
    expect((await view(cloud, 'absent')).status).toBe(403)
    distribution.customErrors = [{ errorCode: 403, responseCode: 200, responsePagePath: '/gone.html' }]
    const answer = await view(cloud, 'absent')
    expect([answer.status, answer.code]).toEqual([403, 'AccessDenied'])
  })
})

it('takes the methods that are allowed and no others', async () => {
  distribution.allowedMethods = ['GET', 'HEAD']
  const answer = await view(cloud, 'k', { method: 'OPTIONS' })
  expect([answer.status, answer.cache]).toEqual([403, 'Error'])
  expect(answer.body.toString()).toContain('not configured to allow the HTTP request method')
})

it('accepts SHA-1 alone where SHA-256 is not known yet', async () => {
  await using old = await startLocalCloud({ edge: { hashAlgorithms: ['SHA1'] } })
  await old.s3.bucket(old.bucket).put('k', 'content')
  expect((await view(old, 'k')).status).toBe(200)
  expect((await view(old, 'k', { algorithm: 'SHA256' })).code).toBe('AccessDenied')
  expect((await view(cloud, 'k', { algorithm: 'SHA256' })).status).toBe(200)
})
