import * as z from 'zod/mini'
import * as option from '../options/option.ts'
import type { Capabilities, SignedUrl, UrlOptions } from '../contract/index.ts'
import { toStorageError } from '../contract/errors.ts'
import { type MiddlewareFactory, defineMiddleware } from './define-middleware.ts'
import { ForwardingDriver } from './forwarding-driver.ts'
import { assertPath } from '../contract/paths.ts'

/** The last moment that an RFC 3339 timestamp can name. */
const END_OF_TIME = '9999-12-31T23:59:59Z'

/** Options of the redirect middleware. */
export interface RedirectOptions {
  /** An http or https URL, port and path included, below which every file can be fetched. Required. */
  baseUrl: string | URL
}

/**
 * Sends every pull to a public mirror of the storage, without a signature: GET and HEAD go to `baseUrl` + path.
 *
 * As in Distribution, what is joined is the path of the storage and not the object's key: when the driver keeps its
 * objects below a root directory, that belongs into `baseUrl`. A query of `baseUrl` stays. The driver's own URLs are not
 * used. Such a URL does not expire, whatever `expiresIn` says; its `expiresAt` is the end of the year 9999.
 *
 * @example
 * const mirrored = compose(storage, redirect({ baseUrl: 'https://mirror.example.com/registry' }))
 */
export const redirect: MiddlewareFactory<RedirectOptions> = defineMiddleware({
  name: 'redirect',
  options: z.object({ baseUrl: option.url() }),
  wrap: (driver, { baseUrl }) =>
    new (class RedirectingDriver extends ForwardingDriver {
      override get capabilities(): Capabilities {
        return { ...this.inner.capabilities, urls: true, downloads: false }
      }

      override async urlFor(path: string, options: UrlOptions = {}): Promise<SignedUrl | undefined> {
        options.signal?.throwIfAborted()
        try {
          assertPath(path)
        } catch (error) {
          throw toStorageError(error, this.name, path)
        }
        const method = options.method ?? 'GET'
        if ((method !== 'GET' && method !== 'HEAD') || options.download) return undefined
        return { url: joined(baseUrl, path), expiresAt: new Date(END_OF_TIME), via: 'redirect' }
      }
    })(driver),
})

function joined(baseUrl: URL, path: string): string {
  const url = new URL(baseUrl)
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  url.hash = ''
  return url.href
}
