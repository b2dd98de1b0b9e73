import { createHmac } from 'node:crypto'

/** Parts of a request that are signed beside its headers, in the SDK's own shape. */
interface Target {
  method: string
  hostname: string
  path: string
  query?: Record<string, string | string[] | null> | undefined
}

/** Keys as the SDK's credential providers give them. */
interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/**
 * The query parameters that are part of a signed resource
 * ([REST authentication](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html)).
 */
const subresources = new Set([
  'acl',
  'cors',
  'delete',
  'lifecycle',
  'location',
  'logging',
  'notification',
  'partNumber',
  'policy',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
])

/** Signature version 2, in the place of the SDK's signer, for servers that know nothing newer. */
export class SignatureV2 {
  readonly #credentials: () => Promise<Credentials>
  readonly #bucket: string
  /** Host of requests that have the bucket in it. */
  readonly #bucketHost: string

  /** `bucket`: V2 signs it as part of the path, also when the host names it, before that of `endpoint`. */
  constructor(credentials: () => Promise<Credentials>, bucket: string, endpoint = '') {
    this.#credentials = credentials
    this.#bucket = bucket
    this.#bucketHost = `${bucket}.${URL.canParse(endpoint) ? new URL(endpoint).hostname : ''}`
  }

  async sign<R extends Target & { headers: Record<string, string> }>(request: R): Promise<R> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#credentials()
    // `x-amz-date` would be signed twice over; V2 servers take the plain header.
    const { 'x-amz-content-sha256': _hash, 'x-amz-date': _date, ...kept } = request.headers
    const headers: Record<string, string> = { ...kept, date: new Date().toUTCString() }
    if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken
    const signature = this.#signature(request, headers, headers['date'] ?? '', secretAccessKey)
    return { ...request, headers: { ...headers, authorization: `AWS ${accessKeyId}:${signature}` } }
  }

  /** `url` with what makes it work without headers until `expires`, in seconds since the epoch. It has no query yet. */
  async presign(method: string, url: string, expires: number): Promise<string> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#credentials()
    const token: Record<string, string> = sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }
    const { hostname, pathname: path } = new URL(url)
    const signature = this.#signature({ method, hostname, path }, token, String(expires), secretAccessKey)
    const query = { ...token, AWSAccessKeyId: accessKeyId, Expires: String(expires), Signature: signature }
    return `${url}?${new URLSearchParams(query).toString()}`
  }

  #signature(request: Target, headers: Record<string, string>, date: string, secret: string): string {
    const lines = [
      request.method,
      headers['content-md5'] ?? '',
      headers['content-type'] ?? '',
      date,
      ...amzHeaders(headers),
      this.#resource(request),
    ]
    return createHmac('sha1', secret).update(lines.join('\n')).digest('base64')
  }

  #resource({ hostname, path, query }: Target): string {
    // The endpoint's own name may begin like the bucket's.
    const isInHost = hostname === this.#bucketHost
    const signed = Object.entries(query ?? {})
      .filter(([name]) => subresources.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => (value === null || value === '' ? name : `${name}=${String(value)}`))
    return `${isInHost ? `/${this.#bucket}` : ''}${path}${signed.length > 0 ? `?${signed.join('&')}` : ''}`
  }
}

function amzHeaders(headers: Record<string, string>): string[] {
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/\s*\n\s*/g, ' ')] as const)
    .filter(([name]) => name.startsWith('x-amz-'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}`)
}
