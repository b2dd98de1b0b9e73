import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Credentials } from '../signature/credentials.ts'
import { signedHeaders, uriEncodePath } from '../signature/v4.ts'

/** The bucket behind the edge. */
export interface OriginOptions {
  /** `http://127.0.0.1:9000`; requests are path style. */
  endpoint: string
  bucket: string
  region: string
  credentials: Credentials
}

/** Query parameters that are passed on to the bucket, decoded. */
export type ForwardedQuery = readonly (readonly [name: string, value: string])[]

/** Name in the cache of what the origin answers for a key and a query. A line feed is in neither. */
export function cacheName(key: string, query: ForwardedQuery): string {
  return query.length === 0 ? key : `${key}\n${JSON.stringify(query)}`
}

function parseCacheName(name: string): { key: string; query: ForwardedQuery } {
  const [key = '', query = '[]'] = name.split('\n')
  return { key, query: JSON.parse(query) as ForwardedQuery }
}

/** The edge's own, signed way to the bucket: what origin access control is at CloudFront. */
export class Origin {
  /** How many requests went to the bucket. */
  requests = 0
  readonly #options: OriginOptions
  readonly #agent = new Agent({ keepAlive: true })

  constructor(options: OriginOptions) {
    this.#options = options
  }

  /** Resolves with the answer's headers, whatever its status; who gets it reads or destroys the body. */
  fetch(method: string, name: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const { endpoint, bucket, region, credentials } = this.#options
    const url = new URL(endpoint)
    const { key, query } = parseCacheName(name)
    const path = `/${bucket}/${key}`
    const search = new URLSearchParams(
      query.map(([parameter, value]): [string, string] => [parameter, value]),
    ).toString()
    this.requests++
    const signed = signedHeaders({ method, host: url.host, path, query, headers, credentials, region, now: Date.now() })
    return new Promise((resolve, reject) => {
      request({
        hostname: url.hostname,
        port: url.port,
        method,
        path: uriEncodePath(path) + (search === '' ? '' : `?${search.replaceAll('+', '%20')}`),
        headers: signed,
        agent: this.#agent,
      })
        .once('response', resolve)
        .once('error', reject)
        .end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
