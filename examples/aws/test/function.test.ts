import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createContext, runInContext } from 'node:vm'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { createSigner } from '@longshore/middleware-cloudfront'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { violationsIn } from './runtime-restrictions.ts'

const code = await readFile(new URL('../function/registry-edge.js', import.meta.url), 'utf8')

const content = Buffer.from('the content of a layer')
const sha256 = createHash('sha256').update(content).digest('hex')
const sha512 = createHash('sha512').update(content).digest('hex')

function blobKey(algorithm: string, hex: string): string {
  return `docker/registry/v2/blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`
}

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await startLocalCloud({ edge: { viewerFunctions: { request: code, response: code } } })
})
afterAll(() => cloud.close())

async function signed(key: string, policy: 'canned' | 'custom' = 'canned'): Promise<string> {
  const { keyPairId, privateKey, edge } = cloud
  const { url } = await createSigner({ keyPairId, privateKey }).signUrl(edge.baseUrl + key, { expiresIn: 60, policy })
  return url
}

async function put(key: string): Promise<void> {
  await cloud.s3.bucket(cloud.bucket).put(key, content)
}

describe('the answer for a blob', () => {
  it.each([
    ['canned', blobKey('sha256', sha256), `sha256:${sha256}`],
    ['custom', blobKey('sha256', sha256), `sha256:${sha256}`],
    ['canned', blobKey('sha512', sha512), `sha512:${sha512}`],
    ['custom', `a/root%20of/its+own/${blobKey('sha256', sha256)}`, `sha256:${sha256}`],
  ] as const)('names its digest: %s policy, %s', async (policy, key, digest) => {
    await put(decodeURIComponent(key))
    const url = await signed(key, policy)
    const whole = await fetch(url)
    const etag = whole.headers.get('etag')!
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true)
    expect(etag).toBe(`"${createHash('md5').update(content).digest('hex')}"`)

    const hit = await fetch(url)
    expect([hit.headers.get('x-cache'), await hit.text()]).toEqual(['Hit from cloudfront', content.toString()])
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(content.length))
    const range = await fetch(url, { headers: { range: 'bytes=4-10', 'if-range': etag } })
    expect([range.status, await range.text()]).toEqual([206, 'content'])
    const unchanged = await fetch(url, { headers: { 'if-none-match': etag } })
    expect(unchanged.status).toBe(304)

    for (const answer of [whole, hit, head, range, unchanged]) {
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
      expect(answer.headers.get('etag')).toBe(etag)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-expose-headers')).toMatch('Docker-Content-Digest')
    }
  })

  it('names its digest before the edge has it: HEAD', async () => {
    cloud.edge.invalidate()
    await put(blobKey('sha256', sha256))
    const head = await fetch(await signed(blobKey('sha256', sha256)), { method: 'HEAD' })
    expect(head.headers.get('docker-content-digest')).toBe(`sha256:${sha256}`)
  })

  it.each([
    `docker/registry/v2/repositories/a/_layers/sha256/${sha256}/link`,
    `docker/registry/v2/blobs/sha256/00/${sha256}/data`,
    `docker/registry/v2/blobs/sha256/${sha256.slice(0, 2)}/${sha256}0/data`,
    `docker/registry/v2/blobs/sha512/${sha256.slice(0, 2)}/${sha256}/data`,
    `docker/registry/v2/blobs/md5/${sha256.slice(0, 2)}/${sha256}/data`,
    `${blobKey('sha256', sha256)}/data`,
    `${blobKey('sha256', sha256)}.txt`,
  ])('names none for what is no blob: %s', async key => {
    await put(key)
    const answer = await fetch(await signed(key))
    await answer.arrayBuffer()
    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([200, null])
  })

  it('names none where there is nothing', async () => {
    const answer = await fetch(await signed(blobKey('sha256', '0'.repeat(64))))
    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([403, null])
  })
})

it('answers a preflight without asking the bucket', async () => {
  cloud.edge.resetStats()
  const answer = await fetch(await signed(blobKey('sha256', sha256)), {
    method: 'OPTIONS',
    headers: {
      origin: 'https://ui.example.com',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization,range',
    },
  })
  expect(answer.status).toBe(204)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': '*, Authorization',
  })
  expect(cloud.edge.stats).toMatchObject({ functions: 1, originRequests: 0 })
})

it('keeps the token and the cookies of a viewer from S3, and leaves the rest', () => {
  const event = {
    context: { eventType: 'viewer-request' },
    request: {
      method: 'GET',
      uri: '/a',
      querystring: { 'response-content-type': { value: 'a' } },
      headers: { authorization: { value: 'Bearer a' }, range: { value: 'bytes=0-1' } },
      cookies: { session: { value: '1' }, 'CloudFront-Policy': { value: '2' } },
    },
  }
  const context = createContext({ event })
  expect(JSON.parse(runInContext(`${code};JSON.stringify(handler(event))`, context) as string)).toEqual({
    method: 'GET',
    uri: '/a',
    querystring: { 'response-content-type': { value: 'a' } },
    headers: { range: { value: 'bytes=0-1' } },
    cookies: { 'CloudFront-Policy': { value: '2' } },
  })
})

describe('JavaScript runtime 2.0', () => {
  it('has all that the function uses', () => {
    expect(violationsIn(code)).toEqual([])
    expect(Buffer.byteLength(code)).toBeLessThan(10_240)
  })

  it.each([
    ['class A {}', 'ClassDeclaration'],
    ['a?.b', 'ChainExpression'],
    ['a ?? b', '??'],
    ['const { a } = b', 'ObjectPattern'],
    ['f(...a)', 'SpreadElement'],
    ['for (const a of b) {}', 'ForOfStatement'],
    ['import a from "fs"', 'ImportDeclaration'],
    ['eval("1")', 'eval'],
    ['new Function("1")', 'Function'],
    ['setTimeout(f, 1)', 'setTimeout'],
    ['fetch("http://a")', 'fetch'],
    ['XMLHttpRequest', 'XMLHttpRequest'],
    ['require("fs")', 'require("fs")'],
  ])('has no %s', (source, violation) => {
    expect(violationsIn(source)).toContain(violation)
  })

  it('has what is documented', () => {
    const source =
      'const a = require("crypto"); let b = `${a}`; async function f(...c) { await (() => 2 ** 3)(); new RegExp(b, c) }'
    expect(violationsIn(source)).toEqual([])
  })
})
