import { createSign } from 'node:crypto'
import { request } from 'node:http'
import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { until } from '../../test/client.ts'
import { always, matching, nth, startEdge, startLocalCloud } from '../index.ts'
import type { BucketView, EdgeRecord, LocalCloud } from '../index.ts'

const records: EdgeRecord[] = []
let cloud: LocalCloud
let bucket: BucketView

beforeAll(async () => {
  cloud = await startLocalCloud({
    edge: { cacheBytes: 3_000_000, maxObjectBytes: 5_000_000, onRequest: record => records.push(record) },
  })
  bucket = cloud.s3.bucket(cloud.bucket)
})
beforeEach(() => {
  bucket.clear()
  cloud.s3.faults.clear()
  cloud.edge.invalidate()
  cloud.edge.resetStats()
  cloud.s3.requests.reset()
})
afterAll(() => cloud.close())

function signed(path: string, baseUrl = cloud.edge.baseUrl): string {
  const dateLessThan = new Date(Date.now() + 60_000).toISOString()
  const { keyPairId, privateKey } = cloud
  return getSignedUrl({ url: baseUrl + path, keyPairId, privateKey, dateLessThan })
}

/** Signed as it stands, with a canned policy. */
function sign(url: string): string {
  const expires = Math.floor(Date.now() / 1000) + 60
  const policy = `{"Statement":[{"Resource":"${url}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
  const signature = createSign('SHA1').update(policy).sign(cloud.privateKey, 'base64')
  const encoded = signature.replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~')
  const join = url.includes('?') ? '&' : '?'
  return `${url}${join}Expires=${expires}&Signature=${encoded}&Key-Pair-Id=${cloud.keyPairId}`
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(signed(path), { headers })
}

/** Status of a request as no `fetch` sends it. */
function raw(path: string, headers: Record<string, string> = {}, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(signed(path), { headers }, response => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

/** `Hit` or `Miss`. */
async function fetched(key: string): Promise<string> {
  const answer = await get(key)
  await answer.arrayBuffer()
  return answer.headers.get('x-cache')!.slice(0, 4).trim()
}

describe('the cache', () => {
  it('misses once and then hits, whatever the signature', async () => {
    await bucket.put('a b/ü+(1)', 'content', { 'content-type': 'text/x', 'x-amz-meta-m': '1' })
    const first = await get('a%20b/%C3%BC%2B(1)')
    expect(await first.text()).toBe('content')
    expect(first.headers.get('x-cache')).toBe('Miss from cloudfront')
    await new Promise(resolve => setTimeout(resolve, 1))
    const second = await get('a%20b/%C3%BC%2B(1)?and=a&query=string')
    expect(await second.text()).toBe('content')
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'x-cache': 'Hit from cloudfront',
      'content-type': 'text/x',
      'content-length': '7',
      'x-amz-meta-m': '1',
      'accept-ranges': 'bytes',
      age: '0',
      etag: `"${bucket.info('a b/ü+(1)')!.etag}"`,
      'last-modified': expect.any(String),
      server: 'AmazonS3',
      via: expect.stringContaining('CloudFront'),
      'x-amz-cf-id': expect.any(String),
    })
    expect(cloud.edge.stats).toEqual({
      hits: 1,
      misses: 1,
      denials: 0,
      functions: 0,
      redirects: 0,
      errors: 0,
      bytes: 14,
      originRequests: 1,
    })
    expect(cloud.s3.requests.counts()).toEqual({ GetObject: 1 })
    expect(cloud.s3.requests.records.at(0)?.target).toBe('/longshore/a%20b/%C3%BC%2B(1)')
    await bucket.put('a b/ü+(1)', 'changed')
    expect(await (await get('a%20b/%C3%BC%2B(1)')).text()).toBe('content')
    cloud.edge.invalidate('a b/ü+(1)')
    expect(await (await get('a%20b/%C3%BC%2B(1)')).text()).toBe('changed')
  })

  it('serves ranges, conditions and HEAD from what it has', async () => {
    await bucket.put('k', '0123456789')
    const head = await fetch(signed('k'), { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('10')
    expect(head.headers.get('x-cache')).toBe('Miss from cloudfront')
    const range = await get('k', { range: 'bytes=2-4' })
    expect([range.status, range.headers.get('content-range'), await range.text()]).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await (await get('k', { range: 'bytes=-3' })).text()).toBe('789')
    expect((await get('k', { range: 'bytes=10-' })).status).toBe(416)
    const etag = range.headers.get('etag')!
    expect((await get('k', { 'if-none-match': etag })).status).toBe(304)
    expect((await get('k', { range: 'bytes=2-4', 'if-range': etag })).status).toBe(206)
    expect((await get('k', { range: 'bytes=2-4', 'if-range': '"other"' })).status).toBe(200)
    const cached = await fetch(signed('k'), { method: 'HEAD' })
    expect(cached.headers.get('x-cache')).toBe('Hit from cloudfront')
    expect(cloud.s3.requests.counts()).toEqual({ HeadObject: 1, GetObject: 1 })
  })

  it('asks the bucket once for all who wait', async () => {
    const content = Buffer.alloc(2_000_000, 'x')
    await bucket.put('large', content)
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('large')))
    for (const answer of answers) expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true)
    expect(cloud.edge.stats).toMatchObject({ hits: 9, misses: 1, originRequests: 1, bytes: 20_000_000 })
  })

  it('stays within its bytes, the least recently used going first', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await bucket.put(key, Buffer.alloc(1_000_000, key))
    for (const key of ['a', 'b', 'c']) expect(await fetched(key)).toBe('Miss')
    expect(await fetched('a')).toBe('Hit')
    expect(await fetched('d')).toBe('Miss')
    expect(await fetched('a')).toBe('Hit')
    expect(await fetched('b')).toBe('Miss')
  })

  it('lets larger objects pass, in ranges where they are above the limit', async () => {
    await bucket.put('4m', Buffer.alloc(4_000_000))
    await bucket.put('6m', Buffer.alloc(6_000_000))
    for (const _ of [1, 2]) {
      const answer = await get('4m')
      expect(answer.headers.get('x-cache')).toBe('Miss from cloudfront')
      expect((await answer.arrayBuffer()).byteLength).toBe(4_000_000)
    }
    const whole = await get('6m')
    expect(whole.status).toBe(400)
    expect(whole.headers.get('x-cache')).toBe('Error from cloudfront')
    const range = await get('6m', { range: 'bytes=5999990-' })
    expect([range.status, range.headers.get('content-range')]).toEqual([206, 'bytes 5999990-5999999/6000000'])
    expect((await range.arrayBuffer()).byteLength).toBe(10)
  })

  it('does not keep what says that it must not be kept', async () => {
    await bucket.put('k', 'x', { 'cache-control': 'no-store' })
    for (const _ of [1, 2]) expect((await get('k')).headers.get('x-cache')).toBe('Miss from cloudfront')
  })
})

describe('what goes wrong', () => {
  it('passes on what the bucket says, and asks again', async () => {
    const absent = await get('absent')
    expect(absent.status).toBe(403)
    expect(absent.headers.get('x-cache')).toBe('Error from cloudfront')
    expect(await absent.text()).toContain('<Code>AccessDenied</Code>')
    expect((await fetch(signed('absent'), { method: 'HEAD' })).status).toBe(403)
    await bucket.put('absent', 'present')
    expect(await (await get('absent')).text()).toBe('present')
    cloud.s3.faults.add(matching({ key: 'k' }, always({ kind: 'error', status: 403, code: 'AccessDenied' })))
    const both = await Promise.all([get('k'), get('k')])
    expect(both.map(({ status }) => status)).toEqual([403, 403])
    expect(cloud.edge.stats).toMatchObject({ errors: 4, misses: 1 })
  })

  it('does not serve half an object again', async () => {
    const content = Buffer.alloc(1_000_000, 'x')
    await bucket.put('k', content)
    cloud.s3.faults.add(nth(1, { kind: 'cut', bytes: 500_000 }))
    await expect(get('k').then(answer => answer.arrayBuffer())).rejects.toThrow()
    const again = await get('k')
    expect(again.headers.get('x-cache')).toBe('Miss from cloudfront')
    expect(Buffer.from(await again.arrayBuffer()).equals(content)).toBe(true)
    cloud.edge.invalidate()
    cloud.s3.faults.add(nth(1, { kind: 'reset', when: 'before' }))
    expect((await get('k')).status).toBe(502)
  })

  it('finishes an object whose viewer went away', async () => {
    const content = Buffer.alloc(2_500_000, 'x')
    await bucket.put('k', content)
    records.length = 0
    await new Promise<void>((resolve, reject) => {
      const viewer = request(signed('k'), response => {
        response.once('data', () => {
          viewer.destroy()
          resolve()
        })
      })
      viewer.once('error', reject).end()
    })
    await until(() => records.length === 1)
    const again = await get('k')
    expect(again.headers.get('x-cache')).toBe('Hit from cloudfront')
    expect(Buffer.from(await again.arrayBuffer()).equals(content)).toBe(true)
    expect(cloud.edge.stats.originRequests).toBe(1)
  })

  it('takes GET, HEAD and OPTIONS only, and before it looks at the signature', async () => {
    await bucket.put('k', 'x')
    for (const [method, url] of [
      ['DELETE', signed('k')],
      ['PUT', signed('k')],
      ['POST', `${cloud.edge.baseUrl}k`],
    ] as const) {
      const refused = await fetch(url, { method, ...(method === 'DELETE' ? {} : { body: 'x' }) })
      expect(refused.status).toBe(403)
      expect(refused.headers.get('x-cache')).toBe('Error from cloudfront')
      expect(await refused.text()).toMatch(/is not configured to allow the HTTP request method.*only cachable requests/)
    }
    expect((await fetch(signed('k'), { method: 'OPTIONS' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect(await bucket.read('k')).toEqual(Buffer.from('x'))
  })

  it('refuses a GET with a body, a URL over 8,192 bytes and a request over 20,480', async () => {
    await bucket.put('k', 'x')
    expect(await raw('k', { 'content-length': '1' }, 'x')).toBe(403)
    expect(await raw(`k?${'x'.repeat(8192)}`)).toBe(413)
    expect(await raw('k', { 'x-long': 'x'.repeat(20_480) })).toBe(413)
    expect(await raw('k', { 'x-long': 'x'.repeat(16_384) })).toBe(200)
  })
})

describe('an edge of its own', () => {
  it('puts its origin path before the key, and follows a bucket that is not there', async () => {
    const { credentials, region, publicKey, keyPairId } = cloud
    const origin = { endpoint: cloud.s3.endpoint, bucket: cloud.bucket, region, credentials }
    const publicKeys = { [keyPairId]: publicKey }
    await using edge = await startEdge({ origin, publicKeys, originPath: '/root/' })
    await bucket.put('root/dir/k', 'below')
    const answer = await fetch(signed('dir/k', edge.baseUrl))
    expect(await answer.text()).toBe('below')

    const gone = { ...origin, endpoint: 'http://127.0.0.1:1' }
    await using lost = await startEdge({ origin: gone, publicKeys })
    expect((await fetch(signed('k', lost.baseUrl))).status).toBe(502)
    expect(lost.stats.errors).toBe(1)
  })

  it('passes on the path and the query byte for byte, and tells apart all that differ', async () => {
    const { credentials, region, publicKey, keyPairId } = cloud
    const origin = { endpoint: cloud.s3.endpoint, bucket: cloud.bucket, region, credentials }
    await using edge = await startEdge({ origin, publicKeys: { [keyPairId]: publicKey }, queryStrings: 'all' })
    await bucket.put('a+b', 'plus')
    await bucket.put('a b', 'blank')
    await bucket.put('a\n["x"]', 'line feed')
    // The SDK's signer writes another path than it was given: these are signed as they are sent.
    const read = async (target: string) => {
      const answer = await fetch(sign(edge.baseUrl + target))
      return [
        await answer.text(),
        answer.headers.get('content-type'),
        answer.headers.get('x-cache')?.slice(0, 4).trim(),
      ]
    }
    const type = 'response-content-type=text%2Fx'
    expect(await read('a+b')).toEqual(['plus', 'binary/octet-stream', 'Miss'])
    expect(await read('a%2Bb')).toEqual(['plus', 'binary/octet-stream', 'Miss'])
    expect(await read('a%20b')).toEqual(['blank', 'binary/octet-stream', 'Miss'])
    expect(await read(`a+b?${type}`)).toEqual(['plus', 'text/x', 'Miss'])
    expect(await read(`a+b?${type}`)).toEqual(['plus', 'text/x', 'Hit'])
    expect(await read('a%0A%5B%22x%22%5D')).toEqual(['line feed', 'binary/octet-stream', 'Miss'])
    expect(cloud.s3.requests.records.map(({ target }) => target)).toEqual(
      ['a+b', 'a%2Bb', 'a%20b', `a+b?${type}`, 'a%0A%5B%22x%22%5D'].map(target => `/longshore/${target}`),
    )
    edge.invalidate('a+b')
    for (const target of ['a+b', 'a%2Bb', `a+b?${type}`]) expect((await read(target))[2]).toBe('Miss')
    expect((await read('a%20b'))[2]).toBe('Hit')
  })
})
