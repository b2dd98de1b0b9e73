import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorPage } from './error-page.ts'
import type { EdgeRefusal } from './request-rules.ts'
import type { FunctionError } from './functions/function-error.ts'
import { type FunctionResponse, fieldHeaders, plainHeaders, setCookies } from './functions/function-event.ts'

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

/** Counts of answers, and the time that they bear. */
export interface ResponseContext {
  /** Counted before the viewer sees anything, so that who has an answer finds it counted. */
  stats: DeliveryStats
  /** Milliseconds since the epoch. */
  now: () => number
}

/** The answer to one viewer as it goes out: with CloudFront's own headers, and counted. */
export class ViewerResponse {
  result: EdgeResult = 'Error'
  /** Of the body, sent so far. */
  bytes = 0
  /** The viewer response's function. Throws a `FunctionError` where it fails. */
  onResponse: ((response: FunctionResponse) => FunctionResponse) | undefined
  readonly #requestId = randomBytes(40).toString('base64url')
  readonly #isHead: boolean
  readonly #response: ServerResponse
  readonly #context: ResponseContext

  constructor({ method }: IncomingMessage, response: ServerResponse, context: ResponseContext) {
    this.#isHead = method === 'HEAD'
    this.#response = response
    this.#context = context
  }

  /** Refuses a request before anything else was looked at. */
  refuse({ status, message, isLast }: EdgeRefusal): void {
    if (isLast) this.#response.shouldKeepAlive = false
    this.page(status, message)
  }

  /** Sends what the viewer request's function made. */
  answer({ statusCode, headers, cookies, body = '' }: FunctionResponse): void {
    const content =
      typeof body === 'string'
        ? Buffer.from(body)
        : Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8')
    const hasBody = statusCode !== 204 && statusCode !== 304
    const length = hasBody ? { 'content-length': content.length } : {}
    this.head('Function', statusCode, { ...plainHeaders(headers), ...length }, cookies)
    const isSent = hasBody && !this.#isHead
    if (isSent) this.#count(content.length)
    this.#response.end(isSent ? content : undefined)
  }

  /** Answers for a function that failed. */
  failFunction({ kind, status }: FunctionError): void {
    const why = kind === 'execution' ? 'has thrown an error or run for too long' : 'returned an invalid value'
    this.onResponse = undefined
    this.page(status, `The CloudFront function associated with the CloudFront distribution ${why}.`)
  }

  /** Answers for an origin that cannot be reached, and ends an answer whose body broke off. */
  fail(): void {
    if (this.#response.headersSent) {
      this.result = 'Error'
      this.#context.stats.errors++
      this.#response.destroy()
      return
    }
    this.page(502, "CloudFront wasn't able to connect to the origin.")
  }

  /** Sends a viewer to HTTPS, with the body that CloudFront sends. */
  redirect(status: 301 | 307, location: string): void {
    const title = `${status} ${status === 301 ? 'Moved Permanently' : 'Temporary Redirect'}`
    const body = [
      '<html>',
      `<head><title>${title}</title></head>`,
      '<body>',
      `<center><h1>${title}</h1></center>`,
      '<hr><center>CloudFront</center>',
      '</body>',
      '</html>',
      '',
    ].join('\r\n')
    this.text(status, 'text/html', body, 'Redirect', { location })
  }

  /** Sends a page of CloudFront's own. */
  page(status: number, message: string): void {
    this.text(status, 'text/html', errorPage(status, message, this.#requestId))
  }

  text(status: number, type: string, body: string, result: EdgeResult = 'Error', headers = {}): void {
    const length = Buffer.byteLength(body)
    this.head(result, status, { ...headers, 'content-type': type, 'content-length': length })
    if (!this.#isHead) this.#count(length)
    this.#response.end(this.#isHead ? undefined : body)
  }

  /** Ends an answer that has no body. */
  end(): void {
    this.#response.end()
  }

  #count(bytes: number): void {
    this.bytes += bytes
    this.#context.stats.bytes += bytes
  }

  /** Begins an answer, after the viewer response's function has seen it. */
  head(
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
      this.onResponse !== undefined && status < 400 && !['Function', 'Denied', 'Error'].includes(result)
    const answer = isFunctionRun ? this.onResponse!(sent) : sent
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

  /** Sends a body of so many bytes, behind its head. */
  async send(source: AsyncIterable<Buffer>, length: number): Promise<void> {
    const before = this.bytes
    const counted = async function* (this: ViewerResponse) {
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
}

function withCookies(cookies: FunctionResponse['cookies']): { 'set-cookie'?: string[] } {
  const values = setCookies(cookies)
  return values.length > 0 ? { 'set-cookie': values } : {}
}
