import { describe, expect, it } from '@jest/globals'
import { compose } from '@longshore/middleware-core'
import { bucketDriver } from '../test/bucket-driver.ts'
import { ecKey } from '../test/signing-keys.ts'
import { type ExplainedPolicy, explain } from './explain/index.ts'
import { type CloudFrontOptions, cloudfront } from './index.ts'

const { pem, publicKey } = ecKey()
const baseUrl = 'https://d111111abcdef8.cloudfront.net/'

function storageWith(options: Partial<CloudFrontOptions>): ReturnType<typeof compose> {
  return compose(bucketDriver(), cloudfront({ baseUrl, privateKey: pem, keyPairId: 'K1', duration: '24h', ...options }))
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

  it('is none for a client that contradicts its proxy', async () => {
    const storage = storageWith({ ...options, trustedProxies: ['10.0.0.0/8'] })
    const client = { ip: '10.0.0.1', xForwardedFor: '192.0.2.1' }
    expect((await storage.urlFor('/a', { client }))?.url).toBeDefined()
    expect(await storage.urlFor('/a', { client: { ...client, forwarded: 'for=192.0.2.9' } })).toBeUndefined()
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
