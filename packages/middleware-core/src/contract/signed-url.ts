import type { CallOptions } from './call-options.ts'

/** URL from which a client fetches one file without asking the service again. */
export interface SignedUrl {
  readonly url: string
  /** Time at which the URL ceases to work. */
  readonly expiresAt: Date
  /** Kind of server behind it: `s3` (the bucket's own endpoint), `cloudfront`, `redirect` (a public mirror), or another driver's. */
  readonly via: string
}

/** Options of `urlFor`. */
export interface UrlOptions extends CallOptions {
  /** Method of the client's request. Default GET. */
  method?: 'GET' | 'HEAD' | undefined
  /** Seconds that the URL works. Default: the driver's or middleware's own setting, which also caps it. */
  expiresIn?: number | undefined
  /** Size of the file in bytes, when the caller knows it. */
  size?: number | undefined
  /** Request that the URL is for. */
  client?: UrlClient | undefined
  /**
   * Headers that the response has instead of the stored ones. Capability `downloads`; where it is missing, the call
   * gives `undefined`: serve the file yourself.
   */
  download?: DownloadOptions | undefined
}

/**
 * Headers of the response to a download.
 *
 * @example
 * const pull = await storage.urlFor('/reports/4711', { download: { fileName: 'Größen 2026.pdf', contentType: 'application/pdf' } })
 */
export interface DownloadOptions {
  /** Name under which a browser saves the file, in any script. A name, not a path. */
  fileName?: string | undefined
  /** `attachment` saves the file, `inline` shows it. Default: `attachment` where there is a `fileName`, else as stored. */
  disposition?: 'attachment' | 'inline' | undefined
  contentType?: string | undefined
  contentLanguage?: string | undefined
  contentEncoding?: string | undefined
  cacheControl?: string | undefined
}

/**
 * Request that a URL is for, as the service received it: everything here is what a connection or a header says. The middleware
 * that uses it decides which of it to believe.
 */
export interface UrlClient {
  /** Address at the other end of the connection: the client's own or a proxy's. It may have a port. */
  ip?: string | undefined
  /** `User-Agent` header. */
  userAgent?: string | undefined
  /** `X-Forwarded-For` header; several in their order. Leave it out where `ip` was taken from it already. */
  xForwardedFor?: string | readonly string[] | undefined
  /** `Forwarded` header (RFC 7239); several in their order. Leave it out where `ip` was taken from it already. */
  forwarded?: string | readonly string[] | undefined
}
