import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { type StorageDriver, type UrlClient, compose } from '@longshore/middleware-core'
import { bucketDriver } from '../../test/bucket-driver.ts'
import { type TestServer, answering, startServer } from '../../test/http-server.ts'
import { type TestPrefix, formatWords, ipRangesJson } from '../../test/ip-ranges.ts'
import { ecKey } from '../../test/signing-keys.ts'
import { type IpRangesUpdate, ipRangesChannel } from './aws-ip-ranges.ts'
import { type CloudFrontOptions, cloudfront } from '../index.ts'

const required = { baseUrl: 'https://d111111abcdef8.cloudfront.net/', privateKey: ecKey().pem, keyPairId: 'K1' }

function prefix(bits: number, words: number[], region: string, service: string): TestPrefix {
  return { text: `${formatWords(words)}/${bits}`, words, bits, region, service }
}

// Addresses that documentation uses, in the place of AWS's.
const list = ipRangesJson([
  prefix(24, [0xc0000200], 'us-east-1', 'AMAZON'),
  prefix(25, [0xc0000200], 'us-east-1', 'EC2'),
  prefix(24, [0xc6336400], 'eu-central-1', 'AMAZON'),
  prefix(24, [0xcb007100], 'GLOBAL', 'AMAZON'),
  prefix(48, [0x20010db8, 0x10000, 0, 0], 'eu-central-1', 'EC2'),
])
const ec2InUsEast = '192.0.2.7'
const otherInUsEast = '192.0.2.200'
const inEuCentral = '198.51.100.1'
const ipv6InEuCentral = '2001:db8:1::1'
const nowhere = '203.0.113.1'
const elsewhere = '100.64.0.1'

let server: TestServer
let storage: StorageDriver | undefined
let warnings: unknown[]
beforeEach(async () => {
  server = await startServer(answering(list))
  warnings = []
  jest.spyOn(process, 'emitWarning').mockImplementation(warning => void warnings.push(warning))
})
afterEach(async () => {
  await storage?.[Symbol.asyncDispose]()
  await server.close()
  jest.restoreAllMocks()
})

function stack(options: Partial<CloudFrontOptions>): StorageDriver {
  storage = compose(bucketDriver(), cloudfront({ ...required, ipRangesUrl: server.url, ...options }))
  return storage
}

/** The stack once its ranges are there. */
async function loaded(options: Partial<CloudFrontOptions>): Promise<StorageDriver> {
  const update = new Promise<IpRangesUpdate>(resolve => {
    const onUpdate = (message: unknown): void => {
      ipRangesChannel.unsubscribe(onUpdate)
      resolve(message as IpRangesUpdate)
    }
    ipRangesChannel.subscribe(onUpdate)
  })
  const started = stack(options)
  expect((await update).outcome).toBe('loaded')
  return started
}

async function via(storage: StorageDriver, client: UrlClient | undefined, method?: 'GET' | 'HEAD'): Promise<unknown> {
  return (await storage.urlFor('/a', { client, method }))?.via
}

async function inside(storage: StorageDriver): Promise<string[]> {
  const clients = [ec2InUsEast, otherInUsEast, inEuCentral, ipv6InEuCentral, nowhere, elsewhere]
  const answers = await Promise.all(clients.map(ip => via(storage, { ip })))
  return clients.filter((_, index) => answers[index] === 'bucket')
}

describe('a client inside AWS', () => {
  it.each(['GET', 'HEAD'] as const)("gets the driver's own URL for %s, all others CloudFront's", async method => {
    const storage = await loaded({ ipFilteredBy: 'aws' })
    for (const ip of [ec2InUsEast, `::ffff:${ec2InUsEast}`, `${inEuCentral}:4711`, `[${ipv6InEuCentral}]:4711`]) {
      expect(await storage.urlFor('/a', { method, client: { ip } })).toMatchObject({ url: 'https://bucket.test/a' })
    }
    for (const ip of [elsewhere, '2001:db8:2::1', 'unknown', '', undefined]) {
      expect([ip, await via(storage, { ip }, method)]).toEqual([ip, 'cloudfront'])
    }
    expect(await via(storage, undefined, method)).toBe('cloudfront')
  })

  it.each<[Partial<CloudFrontOptions>, string[]]>([
    [{ ipFilteredBy: 'aws' }, [ec2InUsEast, otherInUsEast, inEuCentral, ipv6InEuCentral, nowhere]],
    [
      { ipFilteredBy: 'aws', awsRegion: 'us-east-1' },
      [ec2InUsEast, otherInUsEast, inEuCentral, ipv6InEuCentral, nowhere],
    ],
    [{ ipFilteredBy: 'aws', services: 'ec2' }, [ec2InUsEast, ipv6InEuCentral]],
    [{ ipFilteredBy: 'awsregion', awsRegion: 'US-East-1' }, [ec2InUsEast, otherInUsEast]],
    [{ ipFilteredBy: 'awsregion', awsRegion: 'eu-central-1, global' }, [inEuCentral, ipv6InEuCentral, nowhere]],
    [{ ipFilteredBy: 'awsregion', awsRegion: ['us-east-1'], services: ['EC2'] }, [ec2InUsEast]],
    [{ ipFilteredBy: 'awsregion', awsRegion: 'mars-1' }, []],
  ])('is one in the ranges that count: %j', async (options, clients) => {
    expect(await inside(await loaded(options))).toEqual(clients)
  })

  it('gets CloudFront while the ranges are not loaded, and nobody waits for them', async () => {
    const received = new Promise<void>(resolve => (server.answer = () => resolve()))
    const storage = stack({ ipFilteredBy: 'aws' })
    expect(await inside(storage)).toEqual([])
    await received
    await storage[Symbol.asyncDispose]()
    await server.idle()
  })

  it('gets CloudFront when nothing is filtered, and nothing is fetched', async () => {
    const storage = stack({ ipFilteredBy: 'none' })
    expect(await inside(storage)).toEqual([])
    await storage[Symbol.asyncDispose]()
    expect(server.requests).toEqual([])
  })
})

describe('a forwarded address', () => {
  const forged = { xForwardedFor: ec2InUsEast, forwarded: `for=${ec2InUsEast}` }

  it('changes nothing when an untrusted peer sends it', async () => {
    for (const trustedProxies of [[], '10.0.0.0/8']) {
      const storage = await loaded({ ipFilteredBy: 'aws', trustedProxies })
      expect(await via(storage, { ip: elsewhere, ...forged })).toBe('cloudfront')
      expect(await via(storage, { ip: inEuCentral, xForwardedFor: elsewhere })).toBe('bucket')
      await storage[Symbol.asyncDispose]()
    }
  })

  it('counts when a trusted proxy sends it, but not what was forged before', async () => {
    const storage = await loaded({ ipFilteredBy: 'aws', trustedProxies: ['10.0.0.0/8'] })
    const ip = '::ffff:10.0.0.1'
    expect(await via(storage, { ip, xForwardedFor: ec2InUsEast })).toBe('bucket')
    expect(await via(storage, { ip, forwarded: `for="${ec2InUsEast}:80"` })).toBe('bucket')
    expect(await via(storage, { ip, xForwardedFor: `${ec2InUsEast}, ${elsewhere}` })).toBe('cloudfront')
    expect(await via(storage, { ip, xForwardedFor: elsewhere, forwarded: forged.forwarded })).toBe('cloudfront')
    expect(await via(storage, { ip, xForwardedFor: 'unknown' })).toBe('cloudfront')
  })
})

describe("Distribution's old updatefrenquency", () => {
  it('works, and wins, with a warning', async () => {
    const updates: IpRangesUpdate[] = []
    const onUpdate = (update: unknown): unknown => updates.push(update as IpRangesUpdate)
    ipRangesChannel.subscribe(onUpdate)
    await loaded({ ipFilteredBy: 'aws', updateFrenquency: '10s', updateFrequency: '5h' })
    ipRangesChannel.unsubscribe(onUpdate)
    expect(updates[0]?.nextAttemptMs).toBeLessThanOrEqual(10_000)
    expect(warnings).toEqual([expect.stringContaining('updatefrenquency is deprecated; use updatefrequency')])
  })
})
