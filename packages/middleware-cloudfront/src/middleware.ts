import {
  type Capabilities,
  type DownloadOptions,
  ForwardingDriver,
  type MiddlewareFactory,
  type SignedUrl,
  StorageError,
  type StorageDriver,
  type UrlOptions,
  abortable,
  assertPath,
  defineMiddleware,
  keyOf,
  responseOverrides,
  toStorageError,
} from '@longshore/middleware-core'
import { type ClientFilter, clientFilter } from './clients/client-filter.ts'
import { announceUrl } from './diagnostics.ts'
import { type Lifetime, expiryAt } from './expiry.ts'
import { KeyRing } from './keys/key-ring.ts'
import { type CloudFrontOptions, type CloudFrontSettings, cloudFrontOptions } from './options.ts'
import { type SignRequest, PolicyBuilder } from './policy-builder.ts'
import { encodeKey, encodeQueryValue, escapeWildcards } from './signing/url-encoding.ts'
import { signUrl } from './signing/signed-url.ts'
import { UrlCache } from './url-cache.ts'

/**
 * Middleware that turns the URLs of any driver into CloudFront-signed ones. Everything else goes to the driver unchanged.
 *
 * @example
 * const storage = compose(s3({ region, bucket }), cloudfront({ baseUrl, privateKey, keyPairId }))
 * const signed = await storage.urlFor('/docker/registry/v2/blobs/...')   // { url, expiresAt, via: 'cloudfront' }
 */
export const cloudfront: MiddlewareFactory<CloudFrontOptions> = defineMiddleware({
  name: 'cloudfront',
  options: cloudFrontOptions,
  wrap: (driver, options) => new CloudFrontDriver(driver, options),
})

/** Stands in the cache for the URL of an object that is too large for CloudFront. */
const TOO_LARGE = Symbol('too large for CloudFront')

type CacheEntry = string | typeof TOO_LARGE

/** Driver whose `urlFor` leads to CloudFront. */
export class CloudFrontDriver extends ForwardingDriver {
  readonly #baseUrl: string
  readonly #originPath: string
  readonly #maxObjectSize: number
  readonly #lifetime: Lifetime
  readonly #policy: PolicyBuilder
  readonly #keys: KeyRing
  /** Undefined where every call signs. */
  readonly #urls: UrlCache<CacheEntry> | undefined
  readonly #clientFilter: ClientFilter | undefined
  readonly #now: () => number
  readonly #capabilities: Capabilities
  #disposed = false

  /** `now` is the clock, in milliseconds since 1970; `pollIntervalMs` the time between two reads of a key file. */
  constructor(
    inner: StorageDriver,
    settings: CloudFrontSettings,
    now: () => number = Date.now,
    pollIntervalMs?: number,
  ) {
    super(inner)
    const { duration, expiryWindow = duration / 4 } = settings
    this.#baseUrl = settings.baseUrl
    this.#originPath = settings.originPath && `${settings.originPath}/`
    this.#maxObjectSize = settings.maxObjectSize
    this.#lifetime = { durationSeconds: duration / 1000, windowSeconds: wholeSeconds(expiryWindow) }
    this.#policy = new PolicyBuilder(settings, this.#lifetime)
    const { downloads } = inner.capabilities
    this.#capabilities = Object.freeze({
      ...inner.capabilities,
      urls: true,
      downloads: this.#policy.isCustom ? downloads && this.#policy.allowsDriverUrls : true,
    })
    this.#urls = expiryWindow === 0 ? undefined : new UrlCache(settings.cacheSize)
    // A key that was replaced may have been stolen: nothing that it signed is handed out any more.
    this.#keys = new KeyRing(settings, { pollIntervalMs, onChange: () => this.#urls?.clear() })
    this.#now = now
    // Last, because it starts to load: what fails before leaves nothing running.
    this.#clientFilter = clientFilter(settings)
  }

  override get capabilities(): Capabilities {
    return this.#capabilities
  }

  /**
   * Gives a CloudFront URL, good for GET and HEAD alike. The wrapped driver's own URL takes its place for an object larger
   * than `maxObjectSize` or outside `originPath`, for a client that `ipFilteredBy` names, and for a `download` under a custom
   * policy. `undefined`, so that the service sends the file: where a URL has to be bound to a client and cannot be.
   *
   * A call without `size` asks the driver for it, once for each URL that is signed. Where it cannot tell, the URL is signed.
   */
  override async urlFor(path: string, options: UrlOptions = {}): Promise<SignedUrl | undefined> {
    const { signal, size, client, download } = options
    this.#check(options)
    if (this.#isForDriver(options)) return this.#driverUrl(path, options)
    const expiresIn = this.#shortenedLifetime(options.expiresIn)
    const expires = expiryAt(this.#now(), this.#lifetime, expiresIn)
    const { address, isPossible } = this.#policy.bindingFor(client)
    if (!isPossible) return undefined
    const query = download ? downloadQuery(download) : ''
    const key = cacheKey(path, query, expiresIn, address)
    // Paths in the cache are legal, so a hit needs no checks.
    let url = this.#urls?.find(key, expires)
    const isCached = url !== undefined
    if (url === undefined) {
      const resource = this.#resourceFor(path)
      if (resource === undefined) return this.#driverUrl(path, options)
      const signing = this.#sign(path, size, { resource: resource + query, expires, expiresIn, address })
      url = this.#urls?.set(key, expires, signing) ?? signing
    }
    if (url instanceof Promise) url = await this.#waitForUrl(url, path, signal)
    if (url === TOO_LARGE) return this.#driverUrl(path, options)
    announceUrl(isCached)
    return { url, expiresAt: new Date(expires * 1000), via: 'cloudfront' }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#urls?.clear()
    this.#keys[Symbol.dispose]()
    await this.#clientFilter?.[Symbol.asyncDispose]()
    await super[Symbol.asyncDispose]()
  }

  #check({ expiresIn, signal }: UrlOptions): void {
    if (this.#disposed) throw new StorageError('DISPOSED', 'the driver has been disposed of', { driver: this.name })
    signal?.throwIfAborted()
    if (expiresIn === undefined || expiresIn >= 1) return
    const detail = `a URL that works for ${expiresIn} seconds; accepted as expiresIn: a number of 1 or more`
    throw new StorageError('UNSUPPORTED', detail, { driver: this.name })
  }

  /** True where CloudFront does not serve the request. */
  #isForDriver({ method = 'GET', size, client, download }: UrlOptions): boolean {
    if ((method !== 'GET' && method !== 'HEAD') || this.#isTooLarge(size)) return true
    // Headers of the answer stand in the query, which a custom policy cannot name without opening other URLs.
    if (download && this.#policy.isCustom) return true
    return this.#clientFilter?.bypassesCloudFront(client) ?? false
  }

  /** URL of the driver, unless it would be unbound where URLs have to be bound. */
  async #driverUrl(path: string, options: UrlOptions): Promise<SignedUrl | undefined> {
    if (this.#policy.allowsDriverUrls) return this.inner.urlFor(path, options)
    this.#assertPath(path)
    return undefined
  }

  #assertPath(path: string): void {
    try {
      assertPath(path)
    } catch (error) {
      throw toStorageError(error, this.name, path)
    }
  }

  #isTooLarge(size: number | undefined): boolean {
    return size !== undefined && this.#maxObjectSize > 0 && size > this.#maxObjectSize
  }

  /** Caller's `expiresIn` in seconds, where it is shorter than `duration`: it never lengthens a lifetime. */
  #shortenedLifetime(expiresIn: number | undefined): number | undefined {
    return expiresIn !== undefined && expiresIn < this.#lifetime.durationSeconds ? expiresIn : undefined
  }

  /** URL to sign; undefined when the distribution cannot reach the object. */
  #resourceFor(path: string): string | undefined {
    this.#assertPath(path)
    try {
      const key = keyOf(this.inner, path)
      if (!key.startsWith(this.#originPath)) return undefined
      const encoded = encodeKey(key.slice(this.#originPath.length))
      const url = this.#baseUrl + encoded
      return this.#policy.isCustom ? escapeWildcards(url) : url
    } catch (error) {
      throw toStorageError(error, this.name, path)
    }
  }

  async #sign(path: string, size: number | undefined, request: SignRequest): Promise<CacheEntry> {
    if (size === undefined && this.#isTooLarge(await this.#sizeOf(path))) return TOO_LARGE
    return signUrl(request.resource, this.#policy.for(request), this.#keys.current)
  }

  /** Size in bytes; undefined when the driver cannot tell, because there is no object, say. */
  async #sizeOf(path: string): Promise<number | undefined> {
    if (this.#maxObjectSize === 0) return undefined
    try {
      return (await this.inner.stat(path)).size
    } catch {
      return undefined
    }
  }

  async #waitForUrl(signing: Promise<CacheEntry>, path: string, signal: AbortSignal | undefined): Promise<CacheEntry> {
    try {
      return await abortable(signing, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw toStorageError(error, this.name, path)
    }
  }
}

/** Whole seconds, CloudFront's unit; a shorter duration counts as one. */
function wholeSeconds(milliseconds: number): number {
  return milliseconds === 0 ? 0 : Math.max(1, Math.floor(milliseconds / 1000))
}

/** Query with S3's `response-*` parameters, which CloudFront passes on where its cache policy says so. */
function downloadQuery(download: DownloadOptions): string {
  const pairs = Object.entries(responseOverrides(download))
  return pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${encodeQueryValue(value)}`).join('&')}`
}

/** Key of a URL in the cache. Only that of a legal path begins with a slash; no other part has a space in it. */
function cacheKey(path: string, query: string, expiresIn: number | undefined, address: string | undefined): string {
  if (expiresIn === undefined && address === undefined && query === '' && path.startsWith('/')) return path
  return `${address ?? ''} ${expiresIn ?? ''} ${query} ${path}`
}
