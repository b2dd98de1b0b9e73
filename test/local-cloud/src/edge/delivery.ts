import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseRange } from '../byte-range.ts'
import type { CachedObject, EdgeCache } from './cache.ts'
import { cacheKeyOf } from './cache-key.ts'
import { type Compressible, type Compression, compressedHeaders, compressionOf, compressor } from './compression.ts'
import type { Distribution } from './distribution.ts'
import type { FunctionResponse } from './functions/function-event.ts'
import type { Origin, OriginRequest } from './origin.ts'
import type { Denial } from './denial.ts'
import { passed } from './origin-headers.ts'
import type { EdgeResult, ViewerResponse } from './viewer-response.ts'

export interface DeliveryContext {
  origin: Origin
  cache: EdgeCache
  distribution: Distribution
  /** Bytes of the largest object that is served whole. */
  maxObjectBytes: number
}

/** The request as it goes on behind the viewer request's function. */
export interface ForwardedRequest {
  toOrigin: OriginRequest
  /** The viewer's, lower-case. */
  headers: IncomingMessage['headers']
  /** The viewer response's function. Throws a `FunctionError` where it fails. */
  onResponse?: (response: FunctionResponse) => FunctionResponse
}

/** The answer to one viewer from the cache or the origin. */
export class Delivery {
  readonly #request: IncomingMessage
  readonly #viewer: ViewerResponse
  readonly #context: DeliveryContext
  #headers: IncomingMessage['headers']

  constructor(request: IncomingMessage, viewer: ViewerResponse, context: DeliveryContext) {
    this.#request = request
    this.#viewer = viewer
    this.#context = context
    this.#headers = request.headers
  }

  async deliver({ toOrigin, headers, onResponse }: ForwardedRequest): Promise<void> {
    this.#headers = headers
    this.#viewer.onResponse = onResponse
    const { method } = this.#request
    if (method === 'OPTIONS') {
      this.#viewer.head('Miss', 200, {
        allow: this.#context.distribution.allowedMethods.join(', '),
        'content-length': 0,
      })
      this.#viewer.end()
    } else if (method === 'HEAD') {
      await this.#deliverHead(toOrigin)
    } else {
      await this.#deliverGet(toOrigin)
    }
  }

  /** Sends the refusal of a signature. */
  async deny(denial: Denial): Promise<void> {
    if (await this.#sendCustomError(403, 'Denied')) return
    this.#viewer.text(403, 'text/xml', denial.body, 'Denied')
  }

  async #deliverHead(request: OriginRequest): Promise<void> {
    const cached = this.#context.cache.peek(request.key)
    if (cached) {
      const headers = { ...this.#describe(cached, 'Hit'), 'content-length': cached.size }
      this.#viewer.head('Hit', 200, this.#compressed(headers, this.#compressionOf(cached)))
      this.#viewer.end()
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
    this.#viewer.head(status < 400 ? 'Miss' : 'Error', status, this.#compressed(headers, compression))
    this.#viewer.end()
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
      this.#viewer.head(result, 304, described)
      this.#viewer.end()
      return
    }
    const sameEntity = headers['if-range'] === undefined || headers['if-range'] === etag
    const range = sameEntity ? parseRange(headers.range, object.size) : undefined
    if (range === 'unsatisfiable') {
      this.#viewer.head(result, 416, { 'content-range': `bytes */${object.size}`, 'content-length': 0 })
      this.#viewer.end()
      return
    }
    if (compression) {
      this.#viewer.head(result, 200, described)
      const whole = compressor(compression)
      const read = pipeline(Readable.from(object.spool.read(0, object.size)), whole)
      await Promise.all([read, this.#viewer.send(whole, Infinity)])
      return
    }
    const { start, end } = range ?? { start: 0, end: object.size }
    this.#viewer.head(result, range ? 206 : 200, {
      ...described,
      'content-length': end - start,
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${object.size}` } : {}),
    })
    await this.#viewer.send(object.spool.read(start, end), end - start)
  }

  /** "Range GETs": an object above the limit can be had in pieces below it, not whole. */
  async #uncacheable(request: OriginRequest, size: number): Promise<void> {
    const { maxObjectBytes, origin } = this.#context
    const range = parseRange(this.#headers.range, size)
    const length = typeof range === 'object' ? range.end - range.start : size
    if (length > maxObjectBytes) {
      this.#viewer.page(400, 'The object is larger than the largest that CloudFront caches.')
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
      this.#viewer.head(result, status, headers)
    } catch (error) {
      answer.destroy()
      throw error
    }
    if (this.#request.method === 'HEAD') {
      answer.resume()
      this.#viewer.end()
      return
    }
    await this.#viewer.send(answer as AsyncIterable<Buffer>, Number(headers['content-length']))
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
}
