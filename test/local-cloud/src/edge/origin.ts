import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { Credentials } from '../signature/credentials.ts'
import { Query, percentDecode } from '../query.ts'
import { signedHeaders } from '../signature/v4.ts'
import { type CacheKey, authorizationPolicy } from './cache-key.ts'
import type { Distribution } from './distribution.ts'

/** The bucket behind the edge. */
export interface OriginOptions {
  /** `http://127.0.0.1:9000`; requests are path style. */
  endpoint: string
  /** Certificate to trust for an endpoint with HTTPS, PEM. */
  ca?: string
  bucket: string
  region: string
  credentials: Credentials
  /** The bucket's clock, milliseconds since the epoch; by default this machine's. */
  now?: () => number
}

/** Request to the origin for one viewer's. */
export interface OriginRequest {
  key: CacheKey
  /** Of the viewer. */
  authorization: string | undefined
  headers?: Record<string, string>
}

/** The edge's own way to the bucket. */
export class Origin {
  /** Number of requests that went to the bucket. */
  requests = 0
  readonly #options: OriginOptions
  readonly #distribution: Distribution
  readonly #agent: Agent

  constructor(options: OriginOptions, distribution: Distribution) {
    this.#options = options
    const isTls = options.endpoint.startsWith('https:')
    this.#agent = isTls ? new TlsAgent({ keepAlive: true, ca: options.ca }) : new Agent({ keepAlive: true })
    this.#distribution = distribution
  }

  /** Resolves with the answer's headers, whatever its status; who gets it reads or destroys the body. */
  fetch(method: string, { key, authorization, headers = {} }: OriginRequest): Promise<IncomingMessage> {
    const { endpoint, bucket } = this.#options
    const { hostname, port, host } = new URL(endpoint)
    const isGlobal = this.#distribution.originDomain === 'global'
    const target = isGlobal ? key.path : `/${bucket}${key.path}`
    const given = { ...headers, host: isGlobal ? `${bucket}.s3.amazonaws.com` : host }
    this.requests++
    return new Promise((resolve, reject) => {
      const send = this.#agent instanceof TlsAgent ? tlsRequest : request
      send({
        hostname,
        port,
        method,
        path: key.query === '' ? target : `${target}?${key.query}`,
        headers: this.#authenticated({ method, target, query: key.query, headers: given, authorization }),
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

  /** Headers of a request as origin access control sends it. */
  #authenticated({ method, target, query, headers, authorization }: Unsigned): Record<string, string> {
    const { originAccess } = this.#distribution
    const isSigned = originAccess === 'always' || (originAccess === 'no-override' && authorization === undefined)
    if (!isSigned) {
      const isPassedOn = authorization !== undefined && authorizationPolicy(this.#distribution) !== 'none'
      return isPassedOn ? { ...headers, authorization } : headers
    }
    const { host, ...others } = headers
    const { credentials, region, now = Date.now } = this.#options
    return signedHeaders({
      method,
      host,
      path: percentDecode(target),
      query: new Query(query).pairs,
      headers: others,
      credentials,
      region,
      now: now(),
    })
  }
}

interface Unsigned {
  method: string
  target: string
  query: string
  headers: Record<string, string> & { host: string }
  authorization: string | undefined
}
