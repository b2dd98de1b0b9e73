import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseRange } from '../byte-range.ts'
import type { CachedObject, EdgeCache } from './cache.ts'
import { cacheKeyOf } from './cache-key.ts'
import { type Compressible, type Compression, compressedHeaders, compressionOf, compressor } from './compression.ts'
import type { Distribution } from './distribution.ts'
import { errorPage } from './error-page.ts'
import type { FunctionError } from './functions/function-error.ts'
import { type FunctionResponse, fieldHeaders, plainHeaders, setCookies } from './functions/function-event.ts'
import type { Origin, OriginRequest } from './origin.ts'
import type { Denial } from './denial.ts'
import type { EdgeRefusal } from './request-rules.ts'

/** `Function`: the viewer request's function answered. `Redirect`: from HTTP to HTTPS. */
export type EdgeResult = 'Hit' | 'Miss' | 'Denied' | 'Error' | 'Function' | 'Redirect'

export interface DeliveryStats {
  hits: number
  misses: number
  denials: number
  /** Answers of the viewer request's function. */
  functions: number
  /** From HTTP to HTTPS. */
  redirects: number
  /** Answers of 400 and above that are no denials, and bodies that broke off. */
  errors: number
  /** Bytes of bodies sent to viewers. */
  bytes: number
}

export interface DeliveryContext {
  origin: Origin
  cache: EdgeCache
  distribution: Distribution
  /** Milliseconds since the epoch. */
  now: () => number
  /** Bytes of the largest object that is served whole. */
  maxObjectBytes: number
  /** Counted before the viewer sees anything, so that who has an answer finds it counted. */
  stats: DeliveryStats
}

/** The request as it goes on behind the viewer request's function. */
export interface ForwardedRequest {
  toOrigin: OriginRequest
  /** The viewer's, lower-case. */
  headers: IncomingMessage['headers']
  /** The viewer response's function. Throws a `FunctionError` where it fails. */
  onResponse?: (response: FunctionResponse) => FunctionResponse
}

/**
 * What passes from the origin to the viewer. The ids of a request to S3 do not: no capture of an answer from S3 through CloudFront shows
 * them, though their removal is not documented.
 */
const PASSED =
  /^(content-(type|encoding|language|disposition)|cache-control|expires|etag|last-modified|location|server|x-amz-(?!(request-id|id-2)$).+)$/

const COUNTED = {
  Hit: 'hits',
  Miss: 'misses',
  Denied: 'denials',
  Error: 'errors',
  Function: 'functions',
  Redirect: 'redirects',
} as const

const X_CACHE: Record<EdgeResult, string> = {
  Hit: 'Hit from cloudfront',
  Miss: 'Miss from cloudfront',
  Denied: 'Error from cloudfront',
  Error: 'Error from cloudfront',
  Function: 'FunctionGeneratedResponse from cloudfront',
  Redirect: 'Redirect from cloudfront',
}

/** The answer to one viewer. */
export class Delivery {
  result: EdgeResult = 'Error'
  /** Of the body, sent so far. */
  bytes = 0
  readonly #requestId = randomBytes(40).toString('base64url')
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #context: DeliveryContext
  #headers: IncomingMessage['headers']
  #onResponse: ForwardedRequest['onResponse']

  constructor(request: IncomingMessage, response: ServerResponse, context: DeliveryContext) {
    this.#request = request
    this.#response = response
    this.#context = context
    this.#headers = request.headers
  }

  async deliver({ toOrigin, headers, onResponse }: ForwardedRequest): Promise<void> {
    this.#headers = headers
    this.#onResponse = onResponse
    const { method } = this.#request
    if (method === 'OPTIONS') {
      this.#head('Miss', 200, { allow: this.#context.distribution.allowedMethods.join(', '), 'content-length': 0 })
      this.#response.end()
    } else if (method === 'HEAD') {
      await this.#deliverHead(toOrigin)
    } else {
      await this.#deliverGet(toOrigin)
    }
  }

  /** Before anything else was looked at. */
  refuse({ status, message, isLast }: EdgeRefusal): void {
    if (isLast) this.#response.shouldKeepAlive = false
    this.#page(status, message)
  }

  async deny(denial: Denial): Promise<void> {
    if (await this.#sendCustomError(403, 'Denied')) return
    this.#text(403, 'text/xml', denial.body, 'Denied')
  }

  /** Sends what the viewer request's function made. */
  answer({ statusCode, headers, cookies, body = '' }: FunctionResponse): void {
    const content =
      typeof body === 'string'
        ? Buffer.from(body)
        : Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8')
    const hasBody = statusCode !== 204 && statusCode !== 304
    const length = hasBody ? { 'content-length': content.length } : {}
    this.#head('Function', statusCode, { ...plainHeaders(headers), ...length }, cookies)
    const isSent = hasBody && this.#request.method !== 'HEAD'
    if (isSent) this.#count(content.length)
    this.#response.end(isSent ? content : undefined)
  }

  /** The viewer protocol policy's, with the body that CloudFront sends. */
  redirect(status: 301 | 307, location: string): void {
    const title = `${status} ${status === 301 ? 'Moved Permanently' : 'Temporary Redirect'}`
    const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>CloudFront</center>\r\n</body>\r\n</html>\r\n`
    this.#text(status, 'text/html', body, 'Redirect', { location })
  }

  /** A function failed. */
  failFunction({ kind, status }: FunctionError): void {
    const why = kind === 'execution' ? 'has thrown an error or run for too long' : 'returned an invalid value'
    this.#onResponse = undefined
    this.#page(status, `The CloudFront function associated with the CloudFront distribution ${why}.`)
  }

  /** The origin cannot be reached, or what it sent broke off. */
  fail(): void {
    if (this.#response.headersSent) {
      this.result = 'Error'
      this.#context.stats.errors++
      this.#response.destroy()
      return
    }
    this.#page(502, "CloudFront wasn't able to connect to the origin.")
  }

  async #deliverHead(request: OriginRequest): Promise<void> {
    const cached = this.#context.cache.peek(request.key)
    if (cached) {
      const headers = { ...this.#describe(cached, 'Hit'), 'content-length': cached.size }
      this.#head('Hit', 200, this.#compressed(headers, this.#compressionOf(cached)))
      this.#response.end()
      return
    }
    const answer = await this.#context.origin.fetch('HEAD', request)
    answer.resume()
    const status = answer.statusCode ?? 502
    if (status >= 400 && (await this.#sendCustomError(status, 'Error'))) return
    const length = answer.headers['content-length']
    const size = length === undefined ? undefined : Number(length)
    const compression = status === 200 ? this.#compressionOf({ headers: answer.headers, size }) : undefined
    const headers = {
      ...passed(answer.headers),
      ...(status < 400 && length !== undefined ? { 'content-length': length, 'accept-ranges': 'bytes' } : {}),
    }
    this.#head(status < 400 ? 'Miss' : 'Error', status, this.#compressed(headers, compression))
    this.#response.end()
  }

  async #deliverGet(request: OriginRequest): Promise<void> {
    const found = await this.#context.cache.get(request)
    if (found.kind === 'error') return await this.#fromOrigin(found.response)
    if (found.kind === 'uncacheable') return await this.#uncacheable(request, found.size)
    try {
      await this.#deliverObject(found.object, found.hit ? 'Hit' : 'Miss')
    } finally {
      found.object.spool.release()
    }
  }

  async #deliverObject(object: CachedObject, result: EdgeResult): Promise<void> {
    const headers = this.#headers
    const compression = this.#compressionOf(object)
    const described = this.#compressed(this.#describe(object, result), compression)
    const { etag } = object.headers
    const named = headers['if-none-match']?.split(',').map(item => item.trim().replace(/^W\//, ''))
    if (etag !== undefined && named?.includes(etag)) {
      this.#head(result, 304, described)
      this.#response.end()
      return
    }
    const sameEntity = headers['if-range'] === undefined || headers['if-range'] === etag
    const range = sameEntity ? parseRange(headers.range, object.size) : undefined
    if (range === 'unsatisfiable') {
      this.#head(result, 416, { 'content-range': `bytes */${object.size}`, 'content-length': 0 })
      this.#response.end()
      return
    }
    if (compression) {
      this.#head(result, 200, described)
      const whole = compressor(compression)
      const read = pipeline(Readable.from(object.spool.read(0, object.size)), whole)
      await Promise.all([read, this.#send(whole, Infinity)])
      return
    }
    const { start, end } = range ?? { start: 0, end: object.size }
    this.#head(result, range ? 206 : 200, {
      ...described,
      'content-length': end - start,
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${object.size}` } : {}),
    })
    await this.#send(object.spool.read(start, end), end - start)
  }

  /** "Range GETs": an object above the limit can be had in pieces below it, not whole. */
  async #uncacheable(request: OriginRequest, size: number): Promise<void> {
    const { maxObjectBytes, origin } = this.#context
    const range = parseRange(this.#headers.range, size)
    const length = typeof range === 'object' ? range.end - range.start : size
    if (length > maxObjectBytes) {
      this.#page(400, 'The object is larger than the largest that CloudFront caches.')
      return
    }
    const headers = typeof range === 'object' ? { range: `bytes=${range.start}-${range.end - 1}` } : {}
    await this.#fromOrigin(await origin.fetch('GET', { ...request, headers }))
  }

  async #fromOrigin(answer: IncomingMessage): Promise<void> {
    const status = answer.statusCode ?? 502
    if (status < 400) return await this.#passThrough(answer, 'Miss', status)
    // Its connection is of use again only when its body was read.
    if (await this.#sendCustomError(status, 'Error')) answer.resume()
    else await this.#passThrough(answer, 'Error', status)
  }

  /**
   * Sends the distribution's page for an error, where it has one; the page's own error where it cannot be had ("How CloudFront processes
   * errors when you have configured custom error pages").
   */
  async #sendCustomError(status: number, result: 'Denied' | 'Error'): Promise<boolean> {
    const { distribution, origin } = this.#context
    const custom = distribution.customErrors.find(({ errorCode }) => errorCode === status)
    if (!custom) return false
    const key = cacheKeyOf({ path: custom.responsePagePath, query: '', authorization: undefined }, distribution)
    const page = await origin.fetch('GET', { key, authorization: undefined })
    const isThere = page.statusCode === 200
    await this.#passThrough(page, result, isThere ? (custom.responseCode ?? status) : (page.statusCode ?? 502))
    return true
  }

  async #passThrough(answer: IncomingMessage, result: EdgeResult, status: number): Promise<void> {
    const headers = passed(answer.headers)
    for (const name of ['content-length', 'content-range', 'accept-ranges']) {
      const value = answer.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    try {
      this.#head(result, status, headers)
    } catch (error) {
      answer.destroy()
      throw error
    }
    if (this.#request.method === 'HEAD') {
      answer.resume()
      this.#response.end()
      return
    }
    await this.#send(answer as AsyncIterable<Buffer>, Number(headers['content-length']))
  }

  async #send(source: AsyncIterable<Buffer>, length: number): Promise<void> {
    const before = this.bytes
    const counted = async function* (this: Delivery) {
      for await (const chunk of source) {
        this.#count(chunk.length)
        yield chunk
      }
    }
    try {
      await pipeline(Readable.from(counted.call(this)), this.#response)
    } catch (error) {
      // A client that has everything may leave before the stream has ended.
      if (this.bytes - before !== length) throw error
    }
  }

  #describe(object: CachedObject, result: EdgeResult): Record<string, string | number> {
    const seconds = Math.max(0, Math.floor((Date.now() - object.storedAt) / 1000))
    return {
      ...passed(object.headers),
      'accept-ranges': 'bytes',
      ...(result === 'Hit' ? { age: seconds } : {}),
    }
  }

  #compressionOf(object: Compressible): Compression | undefined {
    return this.#context.distribution.compress ? compressionOf(this.#request, object) : undefined
  }

  #compressed(headers: Record<string, string | number>, compression: Compression | undefined) {
    return compression ? compressedHeaders(headers, compression) : headers
  }

  #page(status: number, message: string): void {
    this.#text(status, 'text/html', errorPage(status, message, this.#requestId))
  }

  #text(status: number, type: string, body: string, result: EdgeResult = 'Error', headers = {}): void {
    const length = Buffer.byteLength(body)
    this.#head(result, status, { ...headers, 'content-type': type, 'content-length': length })
    if (this.#request.method !== 'HEAD') this.#count(length)
    this.#response.end(this.#request.method === 'HEAD' ? undefined : body)
  }

  #count(bytes: number): void {
    this.bytes += bytes
    this.#context.stats.bytes += bytes
  }

  #head(
    result: EdgeResult,
    status: number,
    headers: Record<string, string | number>,
    cookies: FunctionResponse['cookies'] = {},
  ): void {
    const sent: FunctionResponse = {
      statusCode: status,
      statusDescription: STATUS_CODES[status] ?? '',
      headers: fieldHeaders({
        server: 'CloudFront',
        ...headers,
        date: new Date(this.#context.now()).toUTCString(),
        via: '1.1 local.cloudfront.net (CloudFront)',
      }),
      cookies,
    }
    // "CloudFront doesn't invoke edge functions for viewer response events when the origin returns HTTP status code 400 or higher."
    const isFunctionRun =
      this.#onResponse !== undefined && status < 400 && !['Function', 'Denied', 'Error'].includes(result)
    const answer = isFunctionRun ? this.#onResponse!(sent) : sent
    this.result = result
    this.#context.stats[COUNTED[result]]++
    this.#response.writeHead(answer.statusCode, {
      ...plainHeaders(answer.headers),
      ...withCookies(answer.cookies),
      'x-cache': X_CACHE[result],
      'x-amz-cf-pop': 'LCL50-P1',
      'x-amz-cf-id': this.#requestId,
    })
  }
}

function withCookies(cookies: FunctionResponse['cookies']): { 'set-cookie'?: string[] } {
  const values = setCookies(cookies)
  return values.length > 0 ? { 'set-cookie': values } : {}
}

function passed(headers: IncomingMessage['headers'] | Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && PASSED.test(name)) kept[name] = value
  }
  return kept
}
