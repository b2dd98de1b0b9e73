import { describe, expect, it } from '@jest/globals'
import { type FileInfo, ForwardingDriver, type UrlClient, type UrlOptions, compose } from '@longshore/middleware-core'
import { bucketDriver } from '../test/bucket-driver.ts'
import { ecKey } from '../test/signing-keys.ts'
import { type ExplainedPolicy, explain } from './explain/index.ts'
import { type CloudFrontOptions, cloudfront } from './index.ts'

const { pem, publicKey } = ecKey()
const baseUrl = 'https://d111111abcdef8.cloudfront.net/'

function storageWith(options: Partial<CloudFrontOptions>): ReturnType<typeof compose> {
  return compose(
    new Sized(bucketDriver()),
    cloudfront({ baseUrl, privateKey: pem, keyPairId: 'K1', duration: '24h', ...options }),
  )
}

/** Driver with one large object. */
class Sized extends ForwardingDriver {
  override async stat(path: string): Promise<FileInfo> {
    return { path, size: path === '/large' ? 1000 : 1, modifiedAt: new Date(), isDirectory: false }
  }
}

function policyIn(url: string | undefined): ExplainedPolicy | undefined {
  const { denial, policy } = explain(url ?? '', { K1: publicKey })
  expect(denial).toBeUndefined()
  return policy
}

describe('the policy of a pull', () => {
  it('is canned unless it is to be custom', async () => {
    expect(policyIn((await storageWith({}).urlFor('/a'))?.url)?.kind).toBe('canned')
    const custom = await storageWith({ policy: 'custom' }).urlFor('/a')
    expect(policyIn(custom?.url)).toEqual({
      kind: 'custom',
      resource: `${baseUrl}a`,
      expiresAt: custom?.expiresAt,
      notBefore: undefined,
      ipAddress: undefined,
    })
  })

  it('opens one object, whatever the path of the distribution looks like', async () => {
    const signed = await storageWith({ policy: 'custom', baseUrl: `${baseUrl}t*/` }).urlFor('/a*')
    expect(policyIn(signed?.url)?.resource).toBe(`${baseUrl}t%2A/a%2A`)
    expect(() => storageWith({ baseUrl: 'https://*.cloudfront.net/' })).toThrow('options.baseUrl')
  })

  it('begins as long before now as was asked for, and no more than a window longer', async () => {
    const before = Date.now()
    const storage = storageWith({ policy: 'custom', notBefore: '90s', expiryWindow: '1s' })
    for (const expiresIn of [undefined, 60, 100.5]) {
      const begins = policyIn((await storage.urlFor('/a', { expiresIn }))?.url)?.notBefore?.getTime() ?? 0
      expect(begins).toBeLessThanOrEqual(Date.now() - 90_000)
      expect(begins).toBeGreaterThan(before - 92_001)
    }
  })
})

describe('a URL that is bound to its client', () => {
  const options: Partial<CloudFrontOptions> = { policy: 'custom', bindClientIp: true }

  it.each([
    ['192.0.2.1', '192.0.2.1/32'],
    ['::ffff:192.0.2.1', '192.0.2.1/32'],
    ['2001:db8::1', undefined],
    ['unknown', undefined],
    [undefined, undefined],
  ])('at %s works from %s, or is none', async (ip, block) => {
    const call = { client: { ip } }
    const signed = await storageWith(options).urlFor('/a', call)
    if (block) expect(policyIn(signed?.url)?.ipAddress).toBe(block)
    else expect(signed).toBeUndefined()
    const unbound = await storageWith({ ...options, unboundClients: 'url' }).urlFor('/a', call)
    expect(policyIn(unbound?.url)?.ipAddress).toBe(block)
  })

  const behindProxy = { ...options, trustedProxies: ['10.0.0.0/8'] }
  it.each<[string, UrlClient, string | undefined]>([
    [
      'that names itself in Forwarded, too',
      { xForwardedFor: '192.0.2.1', forwarded: 'for="192.0.2.1:80"' },
      '192.0.2.1/32',
    ],
    ['that names others before itself', { xForwardedFor: '198.51.100.1, 10.9.9.9, 192.0.2.1' }, '192.0.2.1/32'],
    ['that names others in a header of its own', { xForwardedFor: ['198.51.100.1', '192.0.2.1'] }, '192.0.2.1/32'],
    ['that names another in Forwarded', { xForwardedFor: '192.0.2.1', forwarded: 'for=198.51.100.1' }, undefined],
    [
      'with several Forwarded',
      { xForwardedFor: '192.0.2.1', forwarded: ['for=192.0.2.1', 'for=192.0.2.2'] },
      undefined,
    ],
    ['with a broken Forwarded', { xForwardedFor: '192.0.2.1', forwarded: 'for="' }, undefined],
    ['with a hidden Forwarded', { xForwardedFor: '192.0.2.1', forwarded: 'for=_hidden' }, undefined],
    ['with an empty Forwarded', { xForwardedFor: '192.0.2.1', forwarded: ' ' }, '192.0.2.1/32'],
    ['that its proxy does not know', { xForwardedFor: 'unknown' }, undefined],
    ['with an IPv6 address', { xForwardedFor: '2001:db8::1' }, undefined],
    ['with a mapped address', { xForwardedFor: '::ffff:192.0.2.1' }, '192.0.2.1/32'],
  ])('of a client %s is that of what the proxy vouches for, or none', async (_, headers, block) => {
    const call = { client: { ip: '10.0.0.1', ...headers } }
    const signed = await storageWith(behindProxy).urlFor('/a', call)
    expect(signed && policyIn(signed.url)?.ipAddress).toBe(block)
    const unbound = await storageWith({ ...behindProxy, unboundClients: 'url' }).urlFor('/a', call)
    expect(policyIn(unbound?.url)?.ipAddress).toBe(block)
  })

  const client = { ip: '192.0.2.1' }
  it.each<[string, Partial<CloudFrontOptions>, string, UrlOptions]>([
    ['is too large, as the caller says', { maxObjectSize: 10 }, '/a', { size: 11 }],
    ['is too large, as the driver says', { maxObjectSize: 10 }, '/large', {}],
    ['lies outside the Origin Path', { originPath: '/other' }, '/a', {}],
    ['is downloaded under a name', {}, '/a', { download: { fileName: 'a.txt' } }],
  ])('does not become an unbound one of the driver where an object %s', async (_, more, path, call) => {
    const closed = storageWith({ ...options, ...more })
    const open = storageWith({ ...options, ...more, driverUrls: 'url' })
    for (let time = 0; time < 2; time++) {
      expect(await closed.urlFor(path, { client, ...call })).toBeUndefined()
      expect((await open.urlFor(path, { client, ...call }))?.via).toBe('bucket')
    }
    await expect(closed.urlFor('/a/../b', { client, ...call })).rejects.toMatchObject({ code: 'INVALID_PATH' })
    expect(closed.capabilities.downloads).toBe(false)
    expect(open.capabilities.downloads).toBe(true)
  })

  it('and clients that are sent around CloudFront exclude each other, unless the options say so', () => {
    const filtered = { ...options, ipFilteredBy: 'awsregion', awsRegion: 'us-east-1' } as const
    expect(() => storageWith(filtered)).toThrow(
      "ipFilteredBy: found 'awsregion'; accepted: none; beside bindclientip another one only with driverurls url",
    )
    expect(() => storageWith({ unboundClients: 'url' })).toThrow('accepted: service; url only with bindclientip')
    expect(() => storageWith({ driverUrls: 'url' })).toThrow('accepted: service; url only with bindclientip')
  })

  it('is that of its address only, and made once for it', async () => {
    const storage = storageWith(options)
    const urlFor = async (ip: string | undefined): Promise<string | undefined> =>
      (await storage.urlFor('/a', { client: { ip } }))?.url
    const ips = ['192.0.2.1', '192.0.2.2', '2001:db8::1']
    const first = [await urlFor(ips[0]), await urlFor(ips[1]), await urlFor(ips[2])]
    expect(new Set(first).size).toBe(3)
    for (const [index, ip] of ips.entries()) expect(await urlFor(ip)).toBe(first[index])
    // All who are not bound share one.
    expect(await urlFor(undefined)).toBe(first[2])
  })

  it('counts the address that a trusted proxy names, and no other', async () => {
    const storage = storageWith({ ...options, trustedProxies: '10.0.0.0/8' })
    const through = async (ip: string): Promise<string | undefined> =>
      policyIn((await storage.urlFor('/a', { client: { ip, xForwardedFor: '192.0.2.9' } }))?.url)?.ipAddress
    expect(await through('10.1.2.3')).toBe('192.0.2.9/32')
    expect(await through('198.51.100.1')).toBe('198.51.100.1/32')
  })

  it('cannot be had by another name for its path', async () => {
    const storage = storageWith(options)
    await storage.urlFor('/a', { client: { ip: '192.0.2.1' } })
    await storage.urlFor('/a', { expiresIn: 60 })
    for (const path of ['192.0.2.1  /a', ' 60 /a']) {
      await expect(storage.urlFor(path, { client: { ip: '192.0.2.1' } })).rejects.toMatchObject({
        code: 'INVALID_PATH',
      })
    }
  })
})
