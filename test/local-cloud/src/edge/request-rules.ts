import type { IncomingMessage } from 'node:http'
import type { Distribution } from './distribution.ts'

/** Refusals of CloudFront before it looks at a signature or the cache. */
export interface EdgeRefusal {
  status: number
  message: string
  /** The connection ends with the answer. */
  isLast: boolean
}

type EdgeRule = (request: IncomingMessage, url: string, distribution: Distribution) => EdgeRefusal | undefined

/** "The maximum length of this URL is 8192 bytes" ("Request and response behavior for Amazon S3 origins"). */
const MAX_URL_BYTES = 8192

/** "Maximum length of a request, including headers and query strings": 20,480 bytes ("Quotas", CloudFront Developer Guide). */
const MAX_REQUEST_BYTES = 20_480

const tooLong: EdgeRule = (request, url) => {
  let size = url.length
  for (const text of request.rawHeaders) size += text.length
  if (Buffer.byteLength(url) <= MAX_URL_BYTES && size <= MAX_REQUEST_BYTES) return undefined
  // "CloudFront returns HTTP status code 413 (Request Entity Too Large), and then terminates the TCP connection to the viewer."
  return { status: 413, message: 'Request Entity Too Large.', isLast: true }
}

/** Captured in many public reports: 403, not 405 ("Troubleshooting error responses", repost.aws on CloudFront's 403). */
const method: EdgeRule = (request, _url, { allowedMethods }) => {
  if (allowedMethods.includes(request.method ?? '')) return undefined
  const message =
    'This distribution is not configured to allow the HTTP request method that was used for this request. ' +
    'The distribution supports only cachable requests.'
  return { status: 403, message, isLast: true }
}

/** "If a viewer GET request includes a body, CloudFront returns an HTTP status code 403 (Forbidden) to the viewer." */
const bodyOfGet: EdgeRule = request => {
  if (request.method !== 'GET') return undefined
  const hasBody =
    Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined
  return hasBody ? { status: 403, message: 'Bad request.', isLast: true } : undefined
}

const RULES: readonly EdgeRule[] = [tooLong, method, bodyOfGet]

/** The first refusal, in CloudFront's order as far as it is known; undefined where the request may go on. */
export function refusalOf(request: IncomingMessage, url: string, distribution: Distribution): EdgeRefusal | undefined {
  for (const rule of RULES) {
    const refusal = rule(request, url, distribution)
    if (refusal) return refusal
  }
  return undefined
}
