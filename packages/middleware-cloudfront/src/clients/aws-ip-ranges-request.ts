import { once } from 'node:events'
import { type IncomingMessage, get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { onAbort } from '@longshore/middleware-core'

/** Validators of the version that is known, which make the next request conditional. */
export interface Version {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

/** Version that was not known before. */
export interface NewVersion {
  readonly text: string
  readonly version: Version
}

/** Limits of a request. */
export interface RequestLimits {
  /** Milliseconds from the beginning of the request to the end of the answer. */
  readonly timeoutMs: number
  /** Bytes of the answer's body. */
  readonly maxBytes: number
}

/**
 * Fetches a document; undefined when it is still the known version. Throws for an answer that is too long or too slow, redirects
 * or is no success. Redirects are not followed: one to http would undo TLS, and any other belongs into the configuration.
 *
 * Uses `node:http` instead of the global `fetch`, because the socket must not keep the process alive: neither during a request
 * (a firewall may let it hang) nor after it, in a pool.
 */
export async function requestVersion(
  url: URL,
  known: Version | undefined,
  limits: RequestLimits,
  signal: AbortSignal,
): Promise<NewVersion | undefined> {
  signal.throwIfAborted()
  const headers = {
    accept: 'application/json',
    ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
    ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
  }
  const request = (url.protocol === 'https:' ? getHttps : getHttp)(url, { headers, agent: false })
  request.on('socket', socket => socket.unref())
  // An error after the answer has begun comes out of the answer, too.
  request.on('error', () => {})
  let answer: IncomingMessage | undefined
  const stop = (reason: Error): unknown => (answer ?? request).destroy(reason)
  const stopListening = onAbort(signal, () => stop(signal.reason as Error))
  const late = new Error(`no whole answer within ${limits.timeoutMs / 1000} s`)
  const deadline = setTimeout(stop, limits.timeoutMs, late).unref()
  try {
    ;[answer] = (await once(request, 'response')) as [IncomingMessage]
    if (answer.statusCode === 304 && known !== undefined) return undefined
    assertSuccess(answer)
    const text = await readBody(answer, limits.maxBytes)
    return { text, version: { etag: answer.headers.etag, lastModified: answer.headers['last-modified'] } }
  } finally {
    clearTimeout(deadline)
    stopListening()
    request.destroy()
  }
}

function assertSuccess({ statusCode = 0, headers: { location } }: IncomingMessage): void {
  if (statusCode === 200) return
  const isRedirect = statusCode >= 300 && statusCode < 400 && location !== undefined
  throw new Error(`the answer is ${statusCode}${isRedirect ? ', a redirect, which is not followed' : ''}`)
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLong = new Error(`the answer is longer than ${maxBytes} bytes`)
  if (Number(answer.headers['content-length']) > maxBytes) throw tooLong
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLong
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
