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
 * Turns the URLs of any driver into CloudFront-signed ones. Everything else goes to the driver unchanged.
 *
 * @example
 * const storage = compose(s3({ region, bucket }), cloudfront({ baseUrl, privateKey, keyPairId }))
 * const pull = await storage.urlFor('/docker/registry/v2/blobs/...')   // { url, expiresAt, via: 'cloudfront' }
 */
export const cloudfront: MiddlewareFactory<CloudFrontOptions> = defineMiddleware({
  name: 'cloudfront',
  options: cloudFrontOptions,
  wrap: (driver, options) => new CloudFrontDriver(driver, options),
})

/** URL in the cache of an object that CloudFront cannot serve. */
const UNSERVED = ''

/** A driver whose `urlFor` leads to CloudFront. */
export class CloudFrontDriver extends ForwardingDriver {
  readonly #baseUrl: string
  readonly #originPath: string
  readonly #maxObjectSize: number
  readonly #lifetime: Lifetime
  readonly #policy: PolicyBuilder
  readonly #keys: KeyRing
  /** Absent where every call signs. */
  readonly #urls: UrlCache | undefined
  readonly #directClients: ClientFilter | undefined
  readonly #now: () => number
  readonly #capabilities: Capabilities
  #disposed = false

  /** `now` is the clock, in milliseconds since 1970; `pollIntervalMs` the time between two looks at key files, in milliseconds. */
  constructor(
    inner: StorageDriver,
    settings: CloudFrontSettings,
    now: () => number = Date.now,
    pollIntervalMs?: number,
  ) {
    super(inner)
    // Headers of the answer are in the query, which a custom policy cannot name without opening other URLs.
    this.#capabilities = Object.freeze({ ...inner.capabilities, urls: true, downloads: settings.policy === 'canned' })
    const { duration, expiryWindow = duration / 4 } = settings
    this.#baseUrl = settings.baseUrl
    this.#originPath = settings.originPath && `${settings.originPath}/`
    this.#maxObjectSize = settings.maxObjectSize
    this.#lifetime = { duration: duration / 1000, window: wholeSeconds(expiryWindow) }
    this.#policy = new PolicyBuilder(settings, this.#lifetime)
    this.#urls = expiryWindow === 0 ? undefined : new UrlCache(settings.cacheSize)
    // A key that was replaced may have been stolen: nothing that it signed is handed out any more.
    this.#keys = new KeyRing(settings, { pollIntervalMs, onChange: () => this.#urls?.clear() })
    this.#now = now
    // Last, because it starts to load: what fails before leaves nothing running.
    this.#directClients = clientFilter(settings)
  }

  override get capabilities(): Capabilities {
    return this.#capabilities
  }

  /**
   * A CloudFront URL, good for GET and HEAD alike. What CloudFront cannot serve gets the wrapped driver's own URL: an object
   * larger than `maxObjectSize`, and one whose key lies outside `originPath`. So does a client inside AWS, when
   * `ipFilteredBy` says so.
   *
   * Without `size` the driver is asked for it, once for each URL that is signed. Where it cannot tell, the URL is signed.
   */
  override async urlFor(path: string, options: UrlOptions = {}): Promise<SignedUrl | undefined> {
    const { method = 'GET', signal, size, client, download } = options
    this.#check(options)
    if (download && !this.#capabilities.downloads) return undefined
    if ((method !== 'GET' && method !== 'HEAD') || this.#isTooLarge(size)) return this.inner.urlFor(path, options)
    if (this.#directClients?.bypassesCloudFront(client)) return this.inner.urlFor(path, options)
    const expiresIn = this.#shorter(options.expiresIn)
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
      if (resource === undefined) return this.inner.urlFor(path, options)
      const signing = this.#sign(path, size, { resource: resource + query, expires, expiresIn, address })
      url = this.#urls?.set(key, expires, signing) ?? signing
    }
    if (typeof url !== 'string') url = await this.#signed(url, path, signal)
    if (url === UNSERVED) return this.inner.urlFor(path, options)
    announceUrl(isCached)
    return { url, expiresAt: new Date(expires * 1000), via: 'cloudfront' }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#urls?.clear()
    this.#keys[Symbol.dispose]()
    await this.#directClients?.[Symbol.asyncDispose]()
    await super[Symbol.asyncDispose]()
  }

  #check({ expiresIn, signal }: UrlOptions): void {
    if (this.#disposed) throw new StorageError('DISPOSED', 'the driver has been disposed of', { driver: this.name })
    signal?.throwIfAborted()
    if (expiresIn === undefined || expiresIn >= 1) return
    const detail = `a URL that works for ${expiresIn} seconds; accepted as expiresIn: a number of 1 or more`
    throw new StorageError('UNSUPPORTED', detail, { driver: this.name })
  }

  #isTooLarge(size: number | undefined): boolean {
    return size !== undefined && this.#maxObjectSize > 0 && size > this.#maxObjectSize
  }

  /** A caller's `expiresIn` where it is shorter than `duration`: it never lengthens a lifetime. */
  #shorter(expiresIn: number | undefined): number | undefined {
    return expiresIn !== undefined && expiresIn < this.#lifetime.duration ? expiresIn : undefined
  }

  /** The URL to sign; undefined when the distribution cannot reach the object. */
  #resourceFor(path: string): string | undefined {
    try {
      assertPath(path)
      const key = keyOf(this.inner, path)
      if (!key.startsWith(this.#originPath)) return undefined
      const encoded = encodeKey(key.slice(this.#originPath.length))
      const url = this.#baseUrl + encoded
      return this.#policy.isCustom ? escapeWildcards(url) : url
    } catch (error) {
      throw toStorageError(error, this.name, path)
    }
  }

  async #sign(path: string, size: number | undefined, pull: SignRequest): Promise<string> {
    if (size === undefined && this.#isTooLarge(await this.#sizeOf(path))) return UNSERVED
    return signUrl(pull.resource, this.#policy.for(pull), this.#keys.current)
  }

  /** Undefined when the driver cannot tell. Whether there is an object is not asked here. */
  async #sizeOf(path: string): Promise<number | undefined> {
    if (this.#maxObjectSize === 0) return undefined
    try {
      return (await this.inner.stat(path)).size
    } catch {
      return undefined
    }
  }

  async #signed(signing: Promise<string>, path: string, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await abortable(signing, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw toStorageError(error, this.name, path)
    }
  }
}

/** CloudFront's unit. What is shorter counts as one. */
function wholeSeconds(milliseconds: number): number {
  return milliseconds === 0 ? 0 : Math.max(1, Math.floor(milliseconds / 1000))
}

/** Query by which S3 answers with other headers; CloudFront passes it on where its cache policy says so. */
function downloadQuery(download: DownloadOptions): string {
  const pairs = Object.entries(responseOverrides(download))
  return pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${encodeQueryValue(value)}`).join('&')}`
}

/** Key of a URL in the cache. Only that of a legal path begins with a slash; no other part has a space in it. */
function cacheKey(path: string, query: string, expiresIn: number | undefined, address: string | undefined): string {
  if (expiresIn === undefined && address === undefined && query === '' && path.startsWith('/')) return path
  return `${address ?? ''} ${expiresIn ?? ''} ${query} ${path}`
}
