/** Answer of the edge, or of what stands in its place. */
export interface EdgeAnswer {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: Headers
  /** First 64 KiB of the body. */
  readonly body: Buffer
  /** Maker of the answer. */
  readonly source: 'CloudFront' | 'S3' | 'another server'
  /** Code of an error in S3's and CloudFront's XML: `AccessDenied`. */
  readonly code: string | undefined
  readonly message: string | undefined
}

/** Connection that could not be made. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** `ENOTFOUND`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
  readonly code: string

  constructor(host: string, code: string) {
    super(`${host}: ${code}`)
    this.code = code
  }
}

export interface AskOptions {
  readonly method?: 'GET' | 'HEAD' | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal: AbortSignal
}

const MAX_BODY_BYTES = 64 * 1024

/** Sends one request as a client would, and follows no redirect. Throws a {@link ConnectionError} where nobody answers. */
export async function ask(url: string, { method = 'GET', headers = {}, signal }: AskOptions): Promise<EdgeAnswer> {
  const { host, pathname } = new URL(url)
  // Unless asked for, no compression: the bytes are compared.
  const request = {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    redirect: 'manual',
    signal,
  } as const
  const response = await fetch(url, request).catch((error: unknown) => {
    signal.throwIfAborted()
    const { cause } = Object(error) as { cause?: { code?: string; message?: string } }
    throw new ConnectionError(host, cause?.code ?? cause?.message ?? String(error))
  })
  const body = await firstBytes(response, signal)
  const text = body.toString('latin1')
  return {
    method,
    path: pathname,
    status: response.status,
    headers: response.headers,
    body,
    source: sourceOf(response.headers, text),
    code: element('Code', text),
    message: element('Message', text),
  }
}

/** `GET /docker/...: 403 AccessDenied from S3`. */
export function describeAnswer({ method, path, status, code, source }: EdgeAnswer): string {
  const digests = /([0-9a-f]{8})[0-9a-f]{56,}/g
  const origin = status < 300 ? [] : ['from', source]
  return `${method} ${path.replaceAll(digests, '$1...')}: ${[status, code, ...origin].filter(Boolean).join(' ')}`
}

/** True for an answer of CloudFront that refuses the signature. */
export function isDenied({ source, status }: EdgeAnswer): boolean {
  return source === 'CloudFront' && status === 403
}

async function firstBytes(response: Response, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk as Uint8Array)
      size += (chunk as Uint8Array).length
      if (size >= MAX_BODY_BYTES) break
    }
  } catch {
    // A body that breaks off counts as far as it came: its length shows it.
    signal.throwIfAborted()
  }
  return Buffer.concat(chunks)
}

/** S3 signs its answers, with its name and request ids, which CloudFront passes on. */
function sourceOf(headers: Headers, body: string): EdgeAnswer['source'] {
  const isOfS3 = headers.get('server') === 'AmazonS3' || headers.has('x-amz-request-id')
  if (isOfS3 || /<HostId>/.test(body)) return 'S3'
  const isCloudFront = [headers.get('x-cache'), headers.get('via'), headers.get('server')].some(value =>
    /cloudfront/i.test(value ?? ''),
  )
  return isCloudFront ? 'CloudFront' : 'another server'
}

function element(name: string, xml: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
}
