import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseRange } from '../byte-range.ts'
import type { CachedObject, EdgeCache } from './cache.ts'
import type { CacheKey } from './cache-key.ts'
import { errorPage } from './error-page.ts'
import type { FunctionError } from './functions/function-error.ts'
import { type FunctionResponse, fieldHeaders, plainHeaders, setCookies } from './functions/function-event.ts'
import type { Origin } from './origin.ts'
import type { Denial } from './denial.ts'
import type { EdgeRefusal } from './request-rules.ts'

/** `Function`: the viewer request's function answered. */
export type EdgeResult = 'Hit' | 'Miss' | 'Denied' | 'Error' | 'Function'

export interface DeliveryStats {
  hits: number
  misses: number
  denials: number
  /** Answers of the viewer request's function. */
  functions: number
  /** Answers of 400 and above that are no denials, and bodies that broke off. */
  errors: number
  /** Bytes of bodies sent to viewers. */
  bytes: number
}

export interface DeliveryContext {
  origin: Origin
  cache: EdgeCache
  /** Bytes of the largest object that is served whole. */
  maxObjectBytes: number
  /** Counted before the viewer sees anything, so that who has an answer finds it counted. */
  stats: DeliveryStats
}

/** The request as it goes on behind the viewer request's function. */
export interface ForwardedRequest {
  key: CacheKey
  /** The viewer's, lower-case. */
  headers: IncomingMessage['headers']
  /** The viewer response's function. Throws a `FunctionError` where it fails. */
  onResponse?: (response: FunctionResponse) => FunctionResponse
}

/** What passes from the origin to the viewer. */
const PASSED = /^(content-(type|encoding|language|disposition)|cache-control|expires|etag|last-modified|x-amz-.+)$/

const COUNTED = { Hit: 'hits', Miss: 'misses', Denied: 'denials', Error: 'errors', Function: 'functions' } as const

const X_CACHE: Record<EdgeResult, string> = {
  Hit: 'Hit from cloudfront',
  Miss: 'Miss from cloudfront',
  Denied: 'Error from cloudfront',
  Error: 'Error from cloudfront',
  Function: 'FunctionGeneratedResponse from cloudfront',
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

  async deliver({ key, headers, onResponse }: ForwardedRequest): Promise<void> {
    this.#headers = headers
    this.#onResponse = onResponse
    const { method } = this.#request
    if (method === 'OPTIONS') {
      this.#head('Miss', 200, { allow: 'GET, HEAD, OPTIONS', 'content-length': 0 })
      this.#response.end()
    } else if (method === 'HEAD') {
      await this.#deliverHead(key)
    } else {
      await this.#deliverGet(key)
    }
  }

  /** Before anything else was looked at. */
  refuse({ status, message, isLast }: EdgeRefusal): void {
    if (isLast) this.#response.shouldKeepAlive = false
    this.#page(status, message)
  }

  deny(denial: Denial): void {
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

  async #deliverHead(key: CacheKey): Promise<void> {
    const cached = this.#context.cache.peek(key)
    if (cached) {
      this.#head('Hit', 200, { ...this.#describe(cached), 'content-length': cached.size })
      this.#response.end()
      return
    }
    const answer = await this.#context.origin.fetch('HEAD', key)
    answer.resume()
    const status = answer.statusCode ?? 502
    const length = answer.headers['content-length']
    this.#head(status < 400 ? 'Miss' : 'Error', status, {
      ...passed(answer.headers),
      ...(status < 400 && length !== undefined ? { 'content-length': length, 'accept-ranges': 'bytes' } : {}),
    })
    this.#response.end()
  }

  async #deliverGet(key: CacheKey): Promise<void> {
    const found = await this.#context.cache.get(key)
    if (found.kind === 'error') return await this.#passThrough(found.response, 'Error')
    if (found.kind === 'uncacheable') return await this.#uncacheable(key, found.size)
    try {
      await this.#deliverObject(found.object, found.hit ? 'Hit' : 'Miss')
    } finally {
      found.object.spool.release()
    }
  }

  async #deliverObject(object: CachedObject, result: EdgeResult): Promise<void> {
    const headers = this.#headers
    const described = this.#describe(object)
    const { etag } = object.headers
    if (etag !== undefined && headers['if-none-match']?.split(',').some(item => item.trim() === etag)) {
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
    const { start, end } = range ?? { start: 0, end: object.size }
    this.#head(result, range ? 206 : 200, {
      ...described,
      'content-length': end - start,
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${object.size}` } : {}),
    })
    await this.#send(object.spool.read(start, end), end - start)
  }

  /** "Range GETs": an object above the limit can be had in pieces below it, not whole. */
  async #uncacheable(key: CacheKey, size: number): Promise<void> {
    const { maxObjectBytes, origin } = this.#context
    const range = parseRange(this.#headers.range, size)
    const length = typeof range === 'object' ? range.end - range.start : size
    if (length > maxObjectBytes) {
      this.#page(400, 'The object is larger than the largest that CloudFront caches.')
      return
    }
    const headers = typeof range === 'object' ? { range: `bytes=${range.start}-${range.end - 1}` } : {}
    const answer = await origin.fetch('GET', key, headers)
    await this.#passThrough(answer, (answer.statusCode ?? 502) < 400 ? 'Miss' : 'Error')
  }

  async #passThrough(answer: IncomingMessage, result: EdgeResult): Promise<void> {
    const headers = passed(answer.headers)
    for (const name of ['content-length', 'content-range', 'accept-ranges']) {
      const value = answer.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    try {
      this.#head(result, answer.statusCode ?? 502, headers)
    } catch (error) {
      answer.destroy()
      throw error
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

  #describe(object: CachedObject): Record<string, string | number> {
    return {
      ...passed(object.headers),
      'accept-ranges': 'bytes',
      age: Math.max(0, Math.floor((Date.now() - object.storedAt) / 1000)),
    }
  }

  #page(status: number, message: string): void {
    this.#text(status, 'text/html', errorPage(status, message, this.#requestId))
  }

  #text(status: number, type: string, body: string, result: EdgeResult = 'Error'): void {
    const length = Buffer.byteLength(body)
    this.#head(result, status, { 'content-type': type, 'content-length': length })
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
      headers: fieldHeaders({ ...headers, server: 'CloudFront', via: '1.1 local.cloudfront.net (CloudFront)' }),
      cookies,
    }
    // "CloudFront doesn't invoke edge functions for viewer response events when the origin returns HTTP status code 400 or higher."
    const isFunctionRun = this.#onResponse !== undefined && status < 400 && result !== 'Function'
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
