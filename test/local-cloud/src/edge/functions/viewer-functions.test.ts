import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type EdgeRecord, type LocalCloud, startEdge, startLocalCloud } from '../../index.ts'
import type { ViewerFunctionCode } from './viewer-functions.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await startLocalCloud()
  await cloud.s3.bucket(cloud.bucket).put('a', 'content')
  await cloud.s3.bucket(cloud.bucket).put('b', 'other')
})
afterAll(() => cloud.close())

/** An edge with the functions, and the function that asks it for a signed URL. */
async function edgeWith(viewerFunctions: ViewerFunctionCode) {
  const records: EdgeRecord[] = []
  const { s3, bucket, region, credentials, keyPairId, privateKey, publicKey } = cloud
  const edge = await startEdge({
    origin: { endpoint: s3.endpoint, bucket, region, credentials },
    publicKeys: { [keyPairId]: publicKey },
    viewerFunctions,
    queryStrings: ['response-content-type'],
    onRequest: record => records.push(record),
  })
  const get = (path: string, init?: RequestInit): Promise<Response> => {
    const dateLessThan = new Date(Date.now() + 60_000).toISOString()
    return fetch(getSignedUrl({ url: edge.baseUrl + path, keyPairId, privateKey, dateLessThan }), init)
  }
  return { edge, get, records, [Symbol.asyncDispose]: () => edge.close() }
}

describe('a viewer request', () => {
  it('is changed in path, query and headers', async () => {
    const request = `function handler(event) {
      var request = event.request
      request.uri = '/b'
      request.querystring['response-content-type'] = { value: 'text%2Fx' }
      request.headers.range = { value: 'bytes=0-1' }
      return request
    }`
    await using own = await edgeWith({ request })
    const answer = await own.get('a')
    expect([answer.status, await answer.text()]).toEqual([206, 'ot'])
    expect(answer.headers.get('content-type')).toBe('text/x')
    expect(own.records).toMatchObject([{ path: '/a', key: 'b', result: 'Miss' }])
  })

  it('shows what the viewer sent, and not the headers that CloudFront keeps', async () => {
    const request = `async function handler(event) {
      return { statusCode: 200, body: JSON.stringify(event), headers: { 'x-a': { value: '1' } }, cookies: { c: { value: '2', attributes: 'Secure' } } }
    }`
    await using own = await edgeWith({
      request,
      response: `function handler() { throw new Error('not for this answer') }`,
    })
    const headers = { 'X-Own': '1', cookie: 'a=1; b=2=3', 'x-real-ip': '1', 'x-edge-a': '1' }
    const answer = await own.get('a%20b?x=%20&y&x=2', { headers })
    expect(answer.headers.get('x-cache')).toBe('FunctionGeneratedResponse from cloudfront')
    expect([answer.headers.get('x-a'), answer.headers.get('set-cookie')]).toEqual(['1', 'c=2; Secure'])
    const event = (await answer.json()) as { request: { headers: object } }
    expect(event).toMatchObject({
      version: '1.0',
      context: { eventType: 'viewer-request' },
      viewer: { ip: '127.0.0.1' },
      request: {
        method: 'GET',
        uri: '/a%20b',
        querystring: { x: { value: '%20', multiValue: [{ value: '%20' }, { value: '2' }] }, y: { value: '' } },
        headers: { 'x-own': { value: '1' }, host: { value: new URL(own.edge.baseUrl).host } },
        cookies: { a: { value: '1' }, b: { value: '2=3' } },
      },
    })
    expect(Object.keys(event.request.headers)).not.toEqual(expect.arrayContaining(['x-real-ip']))
    expect(
      Object.keys(event.request.headers).filter(name => /^(cookie|connection|x-real-ip|x-edge-.*)$/.test(name)),
    ).toEqual([])
    expect(own.edge.stats).toMatchObject({ functions: 1, hits: 0, misses: 0, originRequests: 0 })
  })

  it('reaches no function without a signature', async () => {
    await using own = await edgeWith({ request: `function handler() { return { statusCode: 200 } }` })
    expect((await fetch(`${own.edge.baseUrl}a`)).status).toBe(403)
  })
})

describe('a viewer response', () => {
  const response = `function handler(event) {
    event.response.headers['x-uri'] = { value: event.request.uri }
    event.response.headers['x-seen'] = { value: Object.keys(event.response.headers).join() + event.response.statusCode }
    delete event.response.headers['last-modified']
    return event.response
  }`

  it('is changed below 400, from the bucket and from the cache', async () => {
    await using own = await edgeWith({ response })
    for (const result of ['Miss', 'Hit']) {
      const answer = await own.get('a')
      expect(await answer.text()).toBe('content')
      expect(answer.headers.get('x-cache')).toBe(`${result} from cloudfront`)
      expect([answer.headers.get('x-uri'), answer.headers.get('last-modified')]).toEqual(['/a', null])
      expect(answer.headers.get('x-seen')).toMatch(/etag.*via.*200$/)
      expect(answer.headers.get('x-seen')).not.toMatch(/x-cache/)
    }
  })

  it('is left alone from 400 on', async () => {
    await using own = await edgeWith({ response })
    for (const [path, headers, status] of [
      ['none', {}, 404],
      ['a', { range: 'bytes=99-' }, 416],
    ] as const) {
      const answer = await own.get(path, { headers })
      await answer.arrayBuffer()
      expect([answer.status, answer.headers.get('x-uri')]).toEqual([status, null])
    }
  })
})

describe('what a function may not do', () => {
  const request = (body: string) => ({ request: `function handler(event) { ${body} }` })
  const response = (body: string) => ({ response: `function handler(event) { ${body}; return event.response }` })

  it.each([
    ['add a disallowed header', request(`event.request.headers['x-edge-a'] = { value: '1' }; return event.request`)],
    ['change the host', request(`event.request.headers.host = { value: 'a' }; return event.request`)],
    ['use capitals', request(`event.request.headers['X-A'] = { value: '1' }; return event.request`)],
    ['give a header no text', request(`event.request.headers.a = 'b'; return event.request`)],
    ['change the method', request(`event.request.method = 'HEAD'; return event.request`)],
    ['return something else', request(`return 'a'`)],
    ['answer with a status of 100', request(`return { statusCode: 100 }`)],
    ['take Via away', response(`delete event.response.headers.via`)],
    ['set X-Cache', response(`event.response.headers['x-cache'] = { value: 'a' }`)],
  ])('502: %s', async (_, code) => {
    await using own = await edgeWith(code)
    const answer = await own.get('a')
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([502, 'Error from cloudfront'])
    expect(await answer.text()).toMatch('invalid value')
    expect(own.edge.stats).toMatchObject({ hits: 0, misses: 0, errors: 1 })
  })

  it.each([
    ['throw', request(`throw new Error('a')`)],
    ['reject', { request: `async function handler() { throw new Error('a') }` }],
    ['loop', request(`for (;;);`)],
    ['return nothing', request(``)],
    ['evaluate text', request(`return eval('event.request')`)],
    ['make functions of text', request(`return new Function('return 1')()`)],
    ['set timers', request(`setTimeout(function () {}, 1); return event.request`)],
    ['reach the network', request(`return fetch('http://127.0.0.1/')`)],
    ['read the environment', request(`return process.env`)],
    ['load other modules', request(`return require('fs')`)],
    ['throw at the response', response(`throw new Error('a')`)],
  ])('503: %s', async (_, code) => {
    await using own = await edgeWith(code)
    const answer = await own.get('a')
    await answer.arrayBuffer()
    expect(answer.status).toBe(503)
  })

  it('keeps nothing from one run to the next', async () => {
    const code = `var runs = 0; function handler() { runs++; return { statusCode: 200, body: String(runs) } }`
    await using own = await edgeWith({ request: code })
    for (let run = 0; run < 2; run++) expect(await (await own.get('a')).text()).toBe('1')
  })

  it('has the modules of the runtime', async () => {
    const code = `var crypto = require('crypto'), query = require('querystring')
      function handler() {
        return { statusCode: 200, body: query.stringify({ hash: crypto.createHash('sha256').update('a').digest('hex') }) }
      }`
    await using own = await edgeWith({ request: code })
    expect(await (await own.get('a')).text()).toMatch(/^hash=ca978112ca1bbdca/)
  })

  it.each([
    ['x'.repeat(10_241), 'a CloudFront Function has 10240 bytes at most, not 10241'],
    ['function other() {}', 'a CloudFront Function defines `handler(event)`'],
    ['function (', 'Function statements require a function name'],
  ])('is found at the start: %#', async (code, message) => {
    await expect(edgeWith({ request: code })).rejects.toThrow(message)
  })
})
