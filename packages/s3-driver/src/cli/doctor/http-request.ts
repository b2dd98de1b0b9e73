import { type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { buffer } from 'node:stream/consumers'

/** Answer of whatever is at a URL. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpRequest {
  readonly method?: 'GET' | 'PUT' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** True: any TLS certificate is accepted. Default false. */
  readonly skipVerify?: boolean
  readonly signal: AbortSignal
}

/** Milliseconds in which a server has to answer. */
const ANSWER_MS = 3000

/**
 * Sends one request as a client without an SDK does, and follows no redirect. Rejects with Node's own error, whose `code` tells what
 * failed (`ENOTFOUND`, `CERT_HAS_EXPIRED`), or is `ETIMEDOUT` where nothing came for 3 seconds.
 */
export async function sendRequest(
  url: string,
  { method = 'GET', headers = {}, body, skipVerify = false, signal }: HttpRequest,
): Promise<HttpAnswer> {
  const limit = AbortSignal.timeout(ANSWER_MS)
  const { protocol, host } = new URL(url)
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const send = protocol === 'https:' ? requestHttps : requestHttp
      const tls = protocol === 'https:' ? { rejectUnauthorized: !skipVerify } : {}
      const options = { method, headers, agent: false, signal: AbortSignal.any([signal, limit]), ...tls }
      const request = send(url, options, response => {
        const { statusCode: status = 0 } = response
        buffer(response).then(content => resolve({ status, headers: response.headers, body: content }), reject)
      })
      request.on('error', reject)
      request.end(body)
    })
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.aborted) throw error
    throw Object.assign(new Error(`no answer from ${host} for ${ANSWER_MS / 1000} seconds`), { code: 'ETIMEDOUT' })
  }
}

/** Code of Node's error, or its message. */
export function codeOf(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? code : String(message)
}

/** `403 AccessDenied`: status and code of S3's error. */
export function describeStatus({ status, body }: HttpAnswer): string {
  const code = /<Code>([^<]*)<\/Code>/.exec(body.toString('latin1'))?.[1]
  return code === undefined ? String(status) : `${status} ${code}`
}
