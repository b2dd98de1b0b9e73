import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Query, splitTarget } from '../query.ts'
import { s3Error } from '../errors.ts'

/** A request with its bucket and key found, from the path or from the Host header. */
export interface S3Request {
  method: string
  headers: IncomingHttpHeaders
  rawPath: string
  path: string
  query: Query
  bucket: string | undefined
  /** `undefined` for the bucket itself. */
  key: string | undefined
  hostBucket: string | undefined
  /** The body as it comes in; asking for it answers `Expect: 100-continue`. */
  body(): AsyncIterable<Buffer>
  /** True once somebody has asked for the body. */
  readonly bodyAsked: boolean
  /** Told of the bytes of the body as they come in. */
  onBytes?: (count: number) => void
}

/** Host names that are this endpoint itself, so that what stands before them is a bucket. */
const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]']

/** Suffix of a bucket's global name. */
export const GLOBAL_NAME = '.s3.amazonaws.com'

/** Message that a request is parsed from. */
type Message = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & AsyncIterable<Buffer>

/** `askForBody` is called before the body is read, where the client waits for that. */
export function parseRequest(message: Message, askForBody: () => void, isBucket: (name: string) => boolean): S3Request {
  const target = splitTarget(message.url ?? '/')
  let path: string
  try {
    path = decodeURIComponent(target.path)
  } catch {
    throw s3Error('InvalidURI', "Couldn't parse the specified URI.")
  }
  const hostBucket = bucketOfHost(message.headers.host ?? '', isBucket)
  const [bucket, key] = hostBucket === undefined ? splitPath(path) : [hostBucket, path.slice(1)]
  let bodyAsked = false
  const request: S3Request = {
    method: message.method ?? 'GET',
    headers: message.headers,
    rawPath: target.path,
    path,
    query: new Query(target.query),
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    hostBucket,
    get bodyAsked() {
      return bodyAsked
    },
    async *body() {
      bodyAsked = true
      if (message.headers.expect !== undefined) askForBody()
      for await (const chunk of message) {
        request.onBytes?.(chunk.length)
        yield chunk
      }
    },
  }
  return request
}

/** `/bucket/key`, where the key may hold anything, slashes at its start included. */
function splitPath(path: string): [bucket: string, key: string] {
  const slash = path.indexOf('/', 1)
  return slash === -1 ? [path.slice(1), ''] : [path.slice(1, slash), path.slice(slash + 1)]
}

/** The bucket in `bucket.localhost:9000` or, where there is such a bucket, `bucket.s3.eu-west-1.amazonaws.com`. */
function bucketOfHost(host: string, isBucket: (name: string) => boolean): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (OWN_HOSTS.includes(name)) return undefined
  if (name.endsWith(GLOBAL_NAME)) return name.slice(0, -GLOBAL_NAME.length)
  const own = OWN_HOSTS.find(suffix => name.endsWith(`.${suffix}`))
  if (own !== undefined) return name.slice(0, -own.length - 1)
  const labels = name.split('.')
  return labels.map((_, index) => labels.slice(0, labels.length - index).join('.')).find(prefix => isBucket(prefix))
}
