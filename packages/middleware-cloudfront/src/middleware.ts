import {
  ForwardingDriver,
  type SignedUrl,
  StorageError,
  type StorageDriver,
  type UrlOptions,
  assertPath,
  defineMiddleware,
  keyOf,
  toStorageError,
} from '@longshore/middleware-core'
import { type Lifetime, expiryAt } from './expiry.ts'
import { readSigningKey } from './keys.ts'
import { type CloudFrontSettings, cloudFrontOptions } from './options.ts'
import { cannedPolicy } from './policy.ts'
import { encodeKey } from './resource.ts'
import { type SigningKey, signUrl } from './signer.ts'
import { UrlCache } from './url-cache.ts'

/**
 * Turns the URLs of any driver into CloudFront-signed ones. Everything else goes to the driver unchanged.
 *
 * ```ts
 * const storage = compose(s3({ region, bucket }), cloudfront({ baseUrl, privateKey, keyPairId }))
 * const pull = await storage.urlFor('/docker/registry/v2/blobs/...')   // { url, expiresAt, via: 'cloudfront' }
 * ```
 */
export const cloudfront = defineMiddleware({
  name: 'cloudfront',
  options: cloudFrontOptions,
  wrap: (driver, options) => new CloudFrontDriver(driver, options),
})

/** A driver whose `urlFor` leads to CloudFront. */
export class CloudFrontDriver extends ForwardingDriver {
  readonly #baseUrl: string
  readonly #originPath: string
  readonly #maxObjectSize: number
  readonly #lifetime: Lifetime
  readonly #key: SigningKey
  readonly #urls: UrlCache
  readonly #now: () => number
  #disposed = false

  /** `now` is the clock, in milliseconds since 1970. */
  constructor(inner: StorageDriver, settings: CloudFrontSettings, now: () => number = Date.now) {
    super(inner)
    const { duration, expiryWindow = duration / 4 } = settings
    this.#baseUrl = settings.baseUrl
    this.#originPath = settings.originPath && `${settings.originPath}/`
    this.#maxObjectSize = settings.maxObjectSize
    this.#lifetime = { duration: duration / 1000, window: Math.max(1, Math.floor(expiryWindow / 1000)) }
    this.#key = readSigningKey(settings)
    this.#urls = new UrlCache(settings.cacheSize)
    this.#now = now
  }

  /**
   * A CloudFront URL, good for GET and HEAD alike. What CloudFront cannot serve gets the wrapped driver's own URL: an object
   * larger than `maxObjectSize`, and one whose key lies outside `originPath`.
   */
  override async urlFor(path: string, options: UrlOptions = {}): Promise<SignedUrl | undefined> {
    const { method = 'GET', expiresIn, signal, size } = options
    this.#check(expiresIn, signal)
    if ((method !== 'GET' && method !== 'HEAD') || (size !== undefined && size > this.#maxObjectSize)) {
      return this.inner.urlFor(path, options)
    }
    const expires = expiryAt(this.#now(), this.#lifetime, expiresIn)
    // Paths in the cache are legal, so a hit needs no checks.
    let url = this.#urls.find(path, expires)
    if (url === undefined) {
      const resource = this.#resourceFor(path)
      if (resource === undefined) return this.inner.urlFor(path, options)
      url = this.#urls.keep(path, expires, signUrl(resource, cannedPolicy(resource, expires), this.#key))
    }
    if (typeof url !== 'string') url = await this.#signed(url, path, signal)
    return { url, expiresAt: new Date(expires * 1000), via: 'cloudfront' }
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#urls.clear()
    return super[Symbol.asyncDispose]()
  }

  #check(expiresIn: number | undefined, signal: AbortSignal | undefined): void {
    if (this.#disposed) throw new StorageError('CLOSED', 'the driver has been disposed of', { driver: this.name })
    signal?.throwIfAborted()
    if (expiresIn === undefined || expiresIn > 0) return
    const detail = `a URL that works for ${expiresIn} seconds; accepted as expiresIn: a number above 0`
    throw new StorageError('UNSUPPORTED', detail, { driver: this.name })
  }

  /** The URL to sign; undefined when the distribution cannot reach the object. */
  #resourceFor(path: string): string | undefined {
    try {
      assertPath(path)
      const key = keyOf(this.inner, path)
      if (!key.startsWith(this.#originPath)) return undefined
      return this.#baseUrl + encodeKey(key.slice(this.#originPath.length))
    } catch (error) {
      throw toStorageError(error, this.name, path)
    }
  }

  async #signed(signing: Promise<string>, path: string, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await signing
    } catch (error) {
      throw toStorageError(error, this.name, path)
    } finally {
      signal?.throwIfAborted()
    }
  }
}
