import { describe, expect, it } from '@jest/globals'
import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkOptions, compose } from '@longshore/middleware-core'
import { explain } from '../src/explain/index.ts'
import { type CloudFrontOptions, cloudfront } from '../src/index.ts'
import { CloudFrontDriver } from '../src/middleware.ts'
import { cloudFrontOptions } from '../src/options.ts'
import { bucketDriver } from './bucket-driver.ts'
import { randomWords } from './random.ts'
import { ecKey, rsaKey } from './signing-keys.ts'

const rsa = rsaKey()
const ec = ecKey()
const baseUrl = 'https://d111111abcdef8.cloudfront.net/'
const midnight = Date.UTC(2030, 0, 1)

/** The middleware under a clock that the test sets. */
function withClock(clock: { now: number }, options: Partial<CloudFrontOptions>): CloudFrontDriver {
  const all = { baseUrl, keyPairId: 'K1', ...options }
  return new CloudFrontDriver(
    bucketDriver(),
    checkOptions(cloudFrontOptions, all, { where: 'cloudfront options' }),
    () => clock.now,
  )
}

it('gives one object one URL, whichever process signs it', async () => {
  build()
  const options = { baseUrl, privateKey: rsa.pem, keyPairId: 'K1', duration: '8760h', expiryWindow: '4380h' }
  const child = fileURLToPath(new URL('./sign-in-child.mjs', import.meta.url))
  const there = await promisify(execFile)(process.execPath, [child, JSON.stringify(options), '/a/b', '/c'])
  const storage = compose(bucketDriver(), cloudfront(options))
  const here = [await storage.urlFor('/a/b'), await storage.urlFor('/c')]
  expect(there.stdout.trim().split('\n')).toEqual(here.map(signed => signed?.url))
})

/** Builds what a child imports, unless it is up to date. `npm test` has done so already. */
function build(): void {
  const compiler = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
  const project = fileURLToPath(new URL('../tsconfig.build.json', import.meta.url))
  execFileSync(process.execPath, [compiler, '-b', project], { stdio: 'inherit' })
}

describe('a window, with a clock that goes on and jumps back', () => {
  it.each<[string, Partial<CloudFrontOptions>]>([
    ['canned', {}],
    ['custom', { policy: 'custom' }],
    ['custom with a beginning', { policy: 'custom', notBefore: '2m' }],
  ])('has one URL for each object: %s', async (_, options) => {
    const words = randomWords(1)
    const clock = { now: midnight }
    const settings = { privateKey: ec.pem, duration: '61s', expiryWindow: '7s', ...options }
    const storage = withClock(clock, settings)
    const urls = new Map<number, string>()
    let last = 0
    for (let step = 0; step < 500; step++) {
      clock.now += words() % 10 === 0 ? -(words() % 10_000) : words() % 3000
      const { url = '', expiresAt } = (await storage.urlFor('/a')) ?? {}
      const expires = expiresAt?.getTime() ?? 0
      const left = expires - clock.now
      expect(left).toBeLessThanOrEqual(61_000)
      expect(left).toBeGreaterThan(54_000)
      expect(explain(url, { K1: ec.publicKey }, { now: new Date(clock.now) }).denial).toBeUndefined()
      // A window that the clock came back to is signed again, and EC signatures differ.
      const known = last === expires ? urls.get(expires) : undefined
      if (known !== undefined) expect(url).toBe(known)
      urls.set(expires, url)
      last = expires
    }
    expect(urls.size).toBeGreaterThan(40)
  })

  it('begins at the same moment for all its URLs', async () => {
    const clock = { now: midnight }
    const options: Partial<CloudFrontOptions> = {
      privateKey: rsa.pem,
      policy: 'custom',
      notBefore: '2m',
      duration: '20m',
      expiryWindow: '5m',
    }
    const [one, two] = [withClock(clock, options), withClock(clock, options)]
    const first = await one.urlFor('/a')
    clock.now += 299_999
    expect(await two.urlFor('/a')).toEqual(first)
    const { policy } = explain(first?.url ?? '', { K1: rsa.publicKey })
    expect(policy?.notBefore).toEqual(new Date(midnight - 120_000))
    clock.now += 1
    expect((await two.urlFor('/a'))?.url).not.toBe(first?.url)
  })
})

describe('without a window', () => {
  it('every call signs, and ends to the second', async () => {
    const clock = { now: midnight }
    const storage = withClock(clock, { privateKey: ec.pem, expiryWindow: '0' })
    const urls = new Set<string>()
    for (let call = 0; call < 10; call++) {
      const signed = await storage.urlFor('/a')
      expect(signed?.expiresAt.getTime()).toBe(midnight + 1_200_000)
      urls.add(signed?.url ?? '')
    }
    // ECDSA never gives the same signature twice.
    expect(urls.size).toBe(10)
  })
})
