import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { createBrotliCompress, createGzip } from 'node:zlib'

export type Compression = 'br' | 'gzip'

/** "File types that CloudFront compresses" ("Serve compressed files", CloudFront Developer Guide). */
const COMPRESSED_TYPES = new Set(
  `application/dash+xml application/eot application/font application/font-sfnt application/javascript application/json
  application/opentype application/otf application/pdf application/pkcs7-mime application/protobuf application/rss+xml
  application/truetype application/ttf application/vnd.apple.mpegurl application/vnd.mapbox-vector-tile
  application/vnd.ms-fontobject application/wasm application/xhtml+xml application/xml application/x-font-opentype
  application/x-font-truetype application/x-font-ttf application/x-httpd-cgi application/x-javascript application/x-mpegurl
  application/x-opentype application/x-otf application/x-perl application/x-ttf font/eot font/opentype font/otf font/ttf
  image/svg+xml text/css text/csv text/html text/javascript text/js text/plain text/richtext text/tab-separated-values
  text/xml text/x-component text/x-java-source text/x-script vnd.apple.mpegurl`.split(/\s+/),
)

/** "The file size must be between 1,000 and 10,000,000 bytes." */
const MIN_BYTES = 1_000
const MAX_BYTES = 10_000_000

export interface Compressible {
  /** The origin's, lower-case. */
  headers: IncomingMessage['headers']
  /** Undefined where the origin does not say: nothing is compressed then. */
  size: number | undefined
}

/**
 * Coding in which CloudFront sends a whole object to a viewer ("Conditions for compression"): Brotli before gzip, for HTTP 1.1 and above.
 * A range is left alone here; AWS does not say what becomes of one.
 */
export function compressionOf(viewer: IncomingMessage, { headers, size }: Compressible): Compression | undefined {
  const type = headers['content-type']?.replace(/;.*/s, '').trim().toLowerCase() ?? ''
  const isCompressible =
    COMPRESSED_TYPES.has(type) &&
    headers['content-encoding'] === undefined &&
    size !== undefined &&
    size >= MIN_BYTES &&
    size <= MAX_BYTES
  if (!isCompressible || viewer.httpVersion === '1.0' || viewer.headers.range !== undefined) return undefined
  const accepted = acceptedBy(viewer.headers['accept-encoding'])
  return (['br', 'gzip'] as const).find(coding => accepted.has(coding))
}

/**
 * Headers of the compressed object: no length, and a weak ETag in place of a strong one; one that is neither is removed ("ETag header
 * conversion").
 */
export function compressedHeaders(
  headers: Record<string, string | number>,
  compression: Compression,
): Record<string, string | number> {
  const { 'content-length': _length, etag, ...others } = headers
  return {
    ...others,
    ...weakEtag(String(etag ?? '')),
    'content-encoding': compression,
    vary: 'Accept-Encoding',
  }
}

export function compressor(compression: Compression): Transform {
  return compression === 'br' ? createBrotliCompress() : createGzip()
}

function weakEtag(etag: string): { etag?: string } {
  if (etag.startsWith('W/')) return { etag }
  return etag.startsWith('"') ? { etag: `W/${etag}` } : {}
}

function acceptedBy(header: string | string[] | undefined): Set<string> {
  const codings = String(header ?? '').split(',')
  const wanted = codings.filter(coding => !/;\s*q=0(\.0*)?\s*$/.test(coding))
  return new Set(wanted.map(coding => coding.replace(/;.*/s, '').trim().toLowerCase()))
}
