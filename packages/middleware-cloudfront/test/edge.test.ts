import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type LocalCloud, startEdge, startLocalCloud } from '@longshore/local-cloud'
import { type StorageDriver, compose } from '@longshore/middleware-core'
import { type CloudFrontOptions, cloudfront } from '../src/index.ts'
import { bucketDriver } from './bucket-driver.ts'
import { ecKey, rsaKey } from './signing-keys.ts'

const keys = { rsa: rsaKey(), ec: ecKey() }
const content = 'what is pulled'

let now = Date.UTC(2030, 0, 1)
let cloud: LocalCloud
beforeAll(async () => {
  cloud = await startLocalCloud({ edge: { now: () => now } })
  cloud.edge.trust('RSA', keys.rsa.publicKey)
  cloud.edge.trust('EC', keys.ec.publicKey)
})
afterAll(() => cloud.close())
beforeEach(() => {
  now = Date.now()
  cloud.edge.invalidate()
})

function storageWith(options: Partial<CloudFrontOptions> = {}, rootDirectory = ''): StorageDriver {
  const { baseUrl } = cloud.edge
  const signing = cloudfront({ baseUrl, privateKey: keys.rsa.pem, keyPairId: 'RSA', ...options })
  return compose(bucketDriver(rootDirectory), signing)
}

async function put(key: string): Promise<void> {
  await cloud.s3.bucket(cloud.bucket).put(key, content)
}

async function pullUrl(storage: StorageDriver, path: string): Promise<string> {
  return (await storage.urlFor(path))?.url ?? ''
}

describe('the edge', () => {
  it.each([
    ['RSA', 'SHA1'],
    ['RSA', 'SHA256'],
    ['EC', 'SHA1'],
    ['EC', 'SHA256'],
  ] as const)('serves a pull signed with %s and %s', async (keyPairId, hashAlgorithm) => {
    const privateKey = keyPairId === 'RSA' ? keys.rsa.pem : keys.ec.pem
    await put('docker/a')
    const url = await pullUrl(storageWith({ keyPairId, privateKey, hashAlgorithm }), '/docker/a')
    const pull = await fetch(url)
    expect(pull.status).toBe(200)
    expect(await pull.text()).toBe(content)
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(content.length))
  })

  it.each(["a b+c/100%/d:e@f/ü'(€)!/", 'a//b/', '%2F/'])('serves a key below %s', async rootDirectory => {
    await put(`${rootDirectory}data`)
    const pull = await fetch(await pullUrl(storageWith({}, rootDirectory), '/data'))
    expect(await pull.text()).toBe(content)
  })

  it('has the object in its cache the second time', async () => {
    await put('hot')
    const storage = storageWith()
    const url = await pullUrl(storage, '/hot')
    const caches: (string | null)[] = []
    for (const pull of [url, url, await pullUrl(storage, '/hot')]) {
      const answer = await fetch(pull)
      expect(await answer.text()).toBe(content)
      caches.push(answer.headers.get('x-cache'))
    }
    expect(caches).toEqual(['Miss from cloudfront', 'Hit from cloudfront', 'Hit from cloudfront'])
  })

  it.each<[string, string, (url: string) => string]>([
    ['without a signature', 'MissingKey', url => url.replace(/\?.*/, '')],
    ['with another path', 'AccessDenied', url => url.replace('/docker/a?', '/docker/b?')],
    ['with a later expiry', 'AccessDenied', url => url.replace(/Expires=\d/, 'Expires=2')],
    [
      'with another signature',
      'AccessDenied',
      url => url.replace(/Signature=./, found => `Signature=${found.endsWith('A') ? 'B' : 'A'}`),
    ],
    ['with an unknown key', 'InvalidKey', url => url.replace('Key-Pair-Id=RSA', 'Key-Pair-Id=KNOBODY')],
    ["with another's key", 'AccessDenied', url => url.replace('Key-Pair-Id=RSA', 'Key-Pair-Id=EC')],
    ['with another hash', 'AccessDenied', url => `${url}&Hash-Algorithm=SHA256`],
    ['with one more parameter', 'AccessDenied', url => `${url}&versionId=7`],
  ])('refuses a URL %s', async (_, code, change) => {
    await put('docker/a')
    await put('docker/b')
    const url = await pullUrl(storageWith(), '/docker/a')
    expect((await fetch(url)).status).toBe(200)
    expect(change(url)).not.toBe(url)
    const refused = await fetch(change(url))
    expect(refused.status).toBe(403)
    expect(refused.headers.get('content-type')).toBe('text/xml')
    expect(await refused.text()).toContain(`<Error><Code>${code}</Code><Message>`)
  })

  it('refuses a URL from the second of its expiry on', async () => {
    await put('docker/a')
    const signed = await storageWith({ duration: '20m' }).urlFor('/docker/a')
    now = (signed?.expiresAt.getTime() ?? 0) - 1
    expect((await fetch(signed?.url ?? '')).status).toBe(200)
    now += 1
    const refused = await fetch(signed?.url ?? '')
    expect(refused.status).toBe(403)
    expect(await refused.text()).toContain('<Code>AccessDenied</Code>')
  })
})

it('serves a distribution whose Origin Path is set', async () => {
  const { s3, bucket, region, credentials } = cloud
  await put('docker/images/a')
  const origin = { endpoint: s3.endpoint, bucket, region, credentials }
  const edge = await startEdge({ origin, originPath: '/docker/images', publicKeys: { RSA: keys.rsa.publicKey } })
  try {
    const storage = storageWith({ baseUrl: edge.baseUrl, originPath: '/docker/images' })
    expect(await (await fetch(await pullUrl(storage, '/docker/images/a'))).text()).toBe(content)
  } finally {
    await edge.close()
  }
})
