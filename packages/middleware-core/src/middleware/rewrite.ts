import * as z from 'zod/mini'
import * as option from '../options/option.ts'
import type { SignedUrl, UrlOptions } from '../contract/index.ts'
import { type MiddlewareFactory, defineMiddleware } from './define-middleware.ts'
import { ForwardingDriver } from './forwarding-driver.ts'

/** Options of the rewrite middleware. Each has a part of the URL that stays as it is by default. */
export interface RewriteOptions {
  /** Scheme to use instead, such as `https`. */
  scheme?: string | undefined
  /** Host to use instead, with its port when it needs one. The URL's own port goes with its host. */
  host?: string | undefined
  /** Whole components that are left out at the beginning of the path: `/a` is trimmed from `/a/b`, not from `/ab`. */
  trimPathPrefix?: string | undefined
}

/**
 * Changes the scheme, the host or the beginning of the path in the URLs of the driver it wraps; what is not given stays
 * as it is, and the query stays byte by byte. Where the driver gives no URL, there is none.
 *
 * A signature that covers what is changed no longer holds. S3's covers the host and the path, so a rewritten S3 URL works
 * only behind a proxy that restores both; sign for the public host instead (the S3 driver's `redirectEndpoint`).
 *
 * @example
 * const proxied = compose(storage, rewrite({ scheme: 'https', host: 'pull.example.com' }))
 */
export const rewrite: MiddlewareFactory<RewriteOptions> = defineMiddleware({
  name: 'rewrite',
  options: z.object({
    scheme: z.optional(
      option.text({ accepted: 'a URL scheme, such as https', matches: value => /^[a-z][a-z0-9+.-]*$/i.test(value) }),
    ),
    host: z.optional(
      option.text({
        accepted: 'a host, with a port where it needs one, such as pull.example.com:8443',
        matches: value => /^[^\s/?#@]+$/.test(value) && URL.canParse(`http://${value}`),
      }),
    ),
    trimPathPrefix: z.optional(
      option.text({ accepted: 'a path that begins with a slash', matches: value => value.startsWith('/') }),
    ),
  }),
  wrap: (driver, { scheme, host, trimPathPrefix }) =>
    new (class RewritingDriver extends ForwardingDriver {
      override async urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined> {
        const signed = await this.inner.urlFor(path, options)
        if (!signed) return undefined
        const parts = partsOf(signed.url)
        const rest = trimmed(parts.path, trimPathPrefix) + parts.query
        return { ...signed, url: `${scheme ?? parts.scheme}://${host ?? parts.host}${rest}` }
      }
    })(driver),
})

/** Takes a URL apart without the normalising that `URL` does: a signature covers the bytes as they are. */
function partsOf(url: string): { scheme: string; host: string; path: string; query: string } {
  const {
    scheme = '',
    host = '',
    path = '',
    query = '',
  } = /^(?<scheme>[^:/?#]+):\/\/(?<host>[^/?#]*)(?<path>[^?#]*)(?<query>.*)$/s.exec(url)?.groups ?? {}
  return { scheme, host, path, query }
}

function trimmed(path: string, prefix: string | undefined): string {
  const components = prefix?.replace(/\/+$/, '')
  if (!components || !(path === components || path.startsWith(`${components}/`))) return path
  return path.slice(components.length) || '/'
}
