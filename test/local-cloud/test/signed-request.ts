import { request as send } from 'node:http'
import { text } from 'node:stream/consumers'
import { LOCAL_CREDENTIALS } from '../src/index.ts'
import type { LocalS3 } from '../src/index.ts'
import { percentDecode } from '../src/query.ts'
import { EMPTY_SHA256, sha256, signedHeaders } from '../src/signature/v4.ts'

export interface RawRequest {
  method: string
  /** As it is sent: `/bucket/key?query`. */
  target: string
  headers?: Record<string, string> | undefined
  body?: string | undefined
  /** In place of the body's SHA-256. */
  payloadHash?: string | undefined
  /** Added after the request is signed. */
  unsigned?: Record<string, string> | undefined
  /** False: no Content-Length, so that the body goes out with `Transfer-Encoding: chunked`. Default true. */
  hasLength?: boolean | undefined
}

export interface RawAnswer {
  status: number
  /** Of the error document; undefined where there is none. */
  code: string | undefined
  message: string | undefined
  body: string
}

/** Sends exactly this request, signed with Signature V4: headers that no SDK would send together. */
export async function sendSigned(s3: LocalS3, request: RawRequest): Promise<RawAnswer> {
  const { method, target, headers = {}, body = '', unsigned = {} } = request
  const [path = '', query = ''] = target.split('?')
  const signed = signedHeaders({
    method,
    host: `127.0.0.1:${s3.port}`,
    path: percentDecode(path),
    // A blank in a query is `%20` in what is signed, however it is sent.
    query: [...new URLSearchParams(query)],
    headers,
    payloadHash: request.payloadHash ?? (body === '' ? EMPTY_SHA256 : sha256(body)),
    credentials: LOCAL_CREDENTIALS,
    region: 'us-east-1',
    now: Date.now(),
  })
  const hasLength = request.hasLength ?? (method !== 'GET' && method !== 'HEAD')
  const length = hasLength ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  return await new Promise((resolve, reject) => {
    const sent = send({
      host: '127.0.0.1',
      port: s3.port,
      method,
      path: target,
      headers: { ...length, ...signed, ...unsigned },
    })
    sent.once('error', reject)
    sent.once('response', response => {
      text(response).then(
        received =>
          resolve({
            status: response.statusCode ?? 0,
            code: /<Error>(?:(?!<\/Error>).)*?<Code>(\w+)/s.exec(received)?.[1],
            message: /<Message>([^<]*)/.exec(received)?.[1],
            body: received,
          }),
        reject,
      )
    })
    sent.end(body)
  })
}
