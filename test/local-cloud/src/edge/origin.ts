import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Credentials } from '../signature/credentials.ts'
import { Query, percentDecode } from '../query.ts'
import { signedHeaders } from '../signature/v4.ts'
import type { CacheKey } from './cache-key.ts'

/** The bucket behind the edge. */
export interface OriginOptions {
  /** `http://127.0.0.1:9000`; requests are path style. */
  endpoint: string
  bucket: string
  region: string
  credentials: Credentials
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
  fetch(method: string, { path, query }: CacheKey, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const { endpoint, bucket, region, credentials } = this.#options
    const url = new URL(endpoint)
    const target = `/${bucket}${path}`
    this.requests++
    const signed = signedHeaders({
      method,
      host: url.host,
      path: percentDecode(target),
      query: new Query(query).pairs,
      headers,
      credentials,
      region,
      now: Date.now(),
    })
    return new Promise((resolve, reject) => {
      request({
        hostname: url.hostname,
        port: url.port,
        method,
        path: query === '' ? target : `${target}?${query}`,
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
