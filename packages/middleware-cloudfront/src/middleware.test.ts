import { describe, expect, it } from '@jest/globals'
import { inspect } from 'node:util'
import {
  ConfigError,
  type FileInfo,
  ForwardingDriver,
  type SignedUrl,
  type StorageDriver,
  type UrlOptions,
  checkOptions,
  compose,
  pathNotFound,
} from '@longshore/middleware-core'
import { bucketDriver, keylessDriver } from '../test/bucket-driver.ts'
import { isSignedBy, readSignedUrl } from '../test/signed-url.ts'
import { ecKey, pem, rsaKey } from '../test/signing-keys.ts'
import { thrownBy } from '../test/thrown.ts'
import cloudfrontByDefault, { type CloudFrontOptions, cloudfront } from './index.ts'
import { CloudFrontDriver } from './middleware.ts'
import { cloudFrontOptions } from './options.ts'

const rsa = rsaKey()
const ec = ecKey()
const baseUrl = 'https://d111111abcdef8.cloudfront.net/'
const options: CloudFrontOptions = { baseUrl, privateKey: rsa.pem, keyPairId: 'K1' }
const midnight = Date.UTC(2030, 0, 1)

/** The middleware under a clock that the test sets. */
function withClock(clock: { now: number }, changes: Partial<CloudFrontOptions> = {}): StorageDriver {
  const settings = checkOptions(cloudFrontOptions, { ...options, ...changes }, { where: 'cloudfront options' })
  return new CloudFrontDriver(bucketDriver(), settings, () => clock.now)
}

async function urlOf(storage: StorageDriver, path: string, call?: UrlOptions): Promise<SignedUrl> {
  const signed = await storage.urlFor(path, call)
  if (!signed) throw new Error(`no URL for ${path}`)
  return signed
}

/** A driver whose objects have sizes. */
class Sized extends ForwardingDriver {
  readonly asked: string[] = []

  override async stat(path: string): Promise<FileInfo> {
    this.asked.push(path)
    if (path === '/absent') throw pathNotFound(path)
    return { path, size: path === '/large' ? 1001 : 1000, modifiedAt: new Date(), isDirectory: false }
  }
}

describe('urlFor', () => {
  it('gives a signed URL of the object under its key in the bucket', async () => {
    const storage = compose(bucketDriver('root dir/'), cloudfront(options))
    const { url, expiresAt, via } = await urlOf(storage, '/docker/data')
    expect(readSignedUrl(url).resource).toBe(`${baseUrl}root%20dir/docker/data`)
    expect(expiresAt).toEqual(new Date(readSignedUrl(url).expires * 1000))
    expect(via).toBe('cloudfront')
    expect(isSignedBy(rsa.publicKey, url)).toBe(true)
  })

  it('takes the path for the key where a driver has no keys', async () => {
    const storage = compose(keylessDriver(), cloudfront(options))
    expect(readSignedUrl((await urlOf(storage, '/a/b')).url).resource).toBe(`${baseUrl}a/b`)
    await expect(storage.urlFor('/a/../b')).rejects.toMatchObject({ code: 'INVALID_PATH', driver: 'bucket' })
  })

  it('gives HEAD the URL of GET', async () => {
    const storage = withClock({ now: midnight })
    expect(await storage.urlFor('/a', { method: 'HEAD' })).toEqual(await storage.urlFor('/a', { method: 'GET' }))
  })

  it('gives no URL for another method', async () => {
    const call = { method: 'PUT' } as unknown as UrlOptions
    expect(await compose(bucketDriver(), cloudfront(options)).urlFor('/a', call)).toBeUndefined()
  })

  it.each(['', '/', 'a', '//a', '/a/', '/a\u0007b'])('refuses the path %j', async path => {
    const denial = { code: 'INVALID_PATH', driver: 'bucket', path }
    const storage = compose(bucketDriver(), cloudfront(options))
    await expect(storage.urlFor(path)).rejects.toMatchObject(denial)
    await expect(storage.urlFor(path)).rejects.toMatchObject(denial)
  })

  it('rejects with the reason of an aborted signal, before and while it signs', async () => {
    const storage = compose(bucketDriver(), cloudfront(options))
    const reason = new Error('enough')
    await expect(storage.urlFor('bad path', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const abort = new AbortController()
    const pull = storage.urlFor('/a', { signal: abort.signal })
    abort.abort(reason)
    await expect(pull).rejects.toBe(reason)
    expect(await storage.urlFor('/a')).toBeDefined()
  })

  it('lets a caller shorten the lifetime, not lengthen it', async () => {
    const storage = withClock({ now: midnight }, { expiryWindow: '0' })
    expect((await urlOf(storage, '/a', { expiresIn: 60 })).expiresAt.getTime()).toBe(midnight + 60_000)
    expect((await urlOf(storage, '/a')).expiresAt.getTime()).toBe(midnight + 1_200_000)
    expect((await urlOf(storage, '/a', { expiresIn: 1e9 })).expiresAt.getTime()).toBe(midnight + 1_200_000)
  })

  it('has one URL for each lifetime that callers want, none for those beyond the duration', async () => {
    const storage = withClock({ now: midnight }, { privateKey: ec.pem })
    const lifetimes = [undefined, 60, 600, 1e9, 1200, 60, undefined, 600]
    const urls: string[] = []
    for (const expiresIn of lifetimes) urls.push((await urlOf(storage, '/a', { expiresIn })).url)
    const [one, two, three] = urls
    expect(new Set([one, two, three]).size).toBe(3)
    expect(urls.slice(3)).toEqual([one, one, two, one, three])
  })

  it.each([0, 0.5, -1, NaN])('refuses a lifetime of %s seconds', async expiresIn => {
    const refused = compose(bucketDriver(), cloudfront(options)).urlFor('/a', { expiresIn })
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED', driver: 'bucket' })
  })

  it('sends an object that is too large for CloudFront to the driver', async () => {
    const storage = compose(bucketDriver(), cloudfront({ ...options, maxObjectSize: 1000 }))
    expect((await urlOf(storage, '/a', { size: 1000 })).via).toBe('cloudfront')
    expect((await urlOf(storage, '/a', { size: 1001 })).via).toBe('bucket')
  })

  it('asks the driver for a size that the caller does not know, once for each URL', async () => {
    const driver = new Sized(bucketDriver())
    const storage = compose(driver, cloudfront({ ...options, maxObjectSize: 1000 }))
    const vias: (string | undefined)[] = []
    for (const path of ['/small', '/large', '/absent', '/small', '/large']) vias.push((await urlOf(storage, path)).via)
    expect(vias).toEqual(['cloudfront', 'bucket', 'cloudfront', 'cloudfront', 'bucket'])
    await urlOf(storage, '/known', { size: 1000 })
    expect(driver.asked).toEqual(['/small', '/large', '/absent'])
    const without = compose(driver, cloudfront({ ...options, maxObjectSize: 0 }))
    expect((await urlOf(without, '/large')).via).toBe('cloudfront')
    expect((await urlOf(without, '/large', { size: 1e15 })).via).toBe('cloudfront')
    expect(driver.asked).toHaveLength(3)
  })

  it('takes the Origin Path off the key, and sends what lies outside it to the driver', async () => {
    const storage = compose(bucketDriver(), cloudfront({ ...options, originPath: '/docker/images' }))
    const resource = readSignedUrl((await urlOf(storage, '/docker/images/a')).url).resource
    expect(resource).toBe(`${baseUrl}a`)
    expect((await urlOf(storage, '/docker/images2/a')).via).toBe('bucket')
    expect((await urlOf(storage, '/docker/images')).via).toBe('bucket')
  })
})

describe('an expiry', () => {
  it('is the same URL from two instances during a window, and another in the next', async () => {
    const clock = { now: midnight }
    const [one, two] = [withClock(clock), withClock(clock)]
    const first = await urlOf(one, '/a')
    clock.now = midnight + 299_999
    expect(await one.urlFor('/a')).toEqual(first)
    expect(await two.urlFor('/a')).toEqual(first)
    clock.now = midnight + 300_000
    const next = await urlOf(one, '/a')
    expect(next.expiresAt.getTime()).toBe(first.expiresAt.getTime() + 300_000)
    expect(await two.urlFor('/a')).toEqual(next)
  })

  it('is never too late, not even when the clock jumps back, and never too near', async () => {
    const clock = { now: midnight }
    const storage = withClock(clock, { privateKey: ec.pem, expiryWindow: '7s', duration: '61s' })
    for (let step = 0; step < 500; step++) {
      clock.now += step % 11 === 10 ? -9000 : 1234
      const left = (await urlOf(storage, '/a')).expiresAt.getTime() - clock.now
      expect(left).toBeLessThanOrEqual(61_000)
      expect(left).toBeGreaterThan(54_000)
    }
  })
})

describe('signing', () => {
  it('happens once for an object in a window, however many ask at once', async () => {
    // ECDSA signatures of one text differ, so equal URLs come from one signature.
    const storage = withClock({ now: midnight }, { privateKey: ec.pem })
    const pulls = await Promise.all(Array.from({ length: 1000 }, () => urlOf(storage, '/a')))
    expect(new Set(pulls.map(({ url }) => url)).size).toBe(1)
    expect((await urlOf(storage, '/a')).url).toBe(pulls[0]?.url)
  })

  it('happens again for an object that the cache had no room for', async () => {
    const storage = withClock({ now: midnight }, { privateKey: ec.pem, cacheSize: 2 })
    const { url } = await urlOf(storage, '/a')
    await urlOf(storage, '/b')
    expect((await urlOf(storage, '/a')).url).toBe(url)
    await urlOf(storage, '/c')
    await urlOf(storage, '/d')
    expect((await urlOf(storage, '/a')).url).not.toBe(url)
  })
})

describe('the cache', () => {
  it('holds as many objects as it may, those asked for last', async () => {
    let signings = 0
    const sign = (): Uint8Array => new Uint8Array([signings++ % 256])
    const storage = compose(
      bucketDriver(),
      cloudfront({ baseUrl, keyPairId: 'K1', sign, cacheSize: 100, duration: '8760h' }),
    )
    for (let object = 0; object < 2000; object++) await storage.urlFor(`/${object}`)
    expect(signings).toBe(2000)
    for (let object = 1900; object < 2000; object++) await storage.urlFor(`/${object}`)
    expect(signings).toBe(2000)
    await storage.urlFor('/1899')
    expect(signings).toBe(2001)
  })
})

describe('the middleware', () => {
  it('is what the package exports by default', () => {
    expect(cloudfrontByDefault).toBe(cloudfront)
    expect(cloudfront.kind).toBe('middleware')
    expect(cloudfront.definition.name).toBe('cloudfront')
  })

  it('forwards everything but URLs', async () => {
    const storage = compose(bucketDriver('root/'), cloudfront(options))
    expect(storage).toBeInstanceOf(ForwardingDriver)
    expect(storage.name).toBe('bucket')
    expect(storage.keyFor?.('/a')).toBe('root/a')
    await expect(storage.getContent('/a')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('gives no URL once it is disposed of', async () => {
    const storage = compose(bucketDriver(), cloudfront(options))
    await urlOf(storage, '/a')
    await storage[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
    await expect(storage.urlFor('/a')).rejects.toMatchObject({ code: 'DISPOSED', driver: 'bucket' })
    await expect(storage.getContent('/a')).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  it('refuses a wrong key when the stack is put together', () => {
    const wrong = cloudfront({ ...options, privateKey: '/nowhere/key.pem' })
    const error = thrownBy(() => compose(bucketDriver(), wrong))
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain('privateKey: cannot read "/nowhere/key.pem" (ENOENT)')
  })

  it('shows neither its key nor its passphrase', async () => {
    const privateKey = pem(ec.privateKey, 'pkcs8', 'open sesame')
    const middleware = cloudfront({ ...options, privateKey, passphrase: 'open sesame' })
    const storage = compose(bucketDriver(), middleware)
    await urlOf(storage, '/a')
    for (const thing of [middleware, storage]) {
      const shown = inspect(thing, { depth: Infinity, showHidden: true }) + JSON.stringify(thing)
      expect(shown).not.toContain('sesame')
      expect(shown).not.toContain(privateKey.split('\n')[1])
    }
  })
})
