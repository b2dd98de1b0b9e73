import { createPublicKey, KeyObject } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { listenOnLoopback } from '../loopback-server.ts'
import { splitTarget } from '../query.ts'
import { SpoolDirectory } from '../spool.ts'
import { EdgeCache } from './cache.ts'
import { Delivery } from './delivery.ts'
import { FunctionError } from './functions/function-error.ts'
import { functionRequest, plainHeaders, queryOf } from './functions/function-event.ts'
import { type ViewerFunctionCode, ViewerFunctions } from './functions/viewer-functions.ts'
import { cacheKeyOf, objectKey } from './cache-key.ts'
import { type Distribution, defaultDistribution } from './distribution.ts'
import { Origin } from './origin.ts'
import type { OriginOptions } from './origin.ts'
import { refusalOf } from './request-rules.ts'
import { Denial } from './denial.ts'
import type { DenialCode } from './denial.ts'
import { verifyViewer } from './verify.ts'
import { type DeliveryStats, type EdgeResult, ViewerResponse } from './viewer-response.ts'
import { protocolAnswer } from './viewer-protocol.ts'

/** One viewer's request and what became of it. */
export interface EdgeRecord {
  method: string
  /** Not decoded, without the query. */
  path: string
  /** The object's key in the bucket. */
  key: string
  status: number
  result: EdgeResult
  /** Why it was refused. */
  denial: DenialCode | undefined
  /** Of the body. */
  bytes: number
  milliseconds: number
}

/** Counts since the start or the last reset. */
export interface EdgeStats extends DeliveryStats {
  /** Requests to the bucket. */
  originRequests: number
}

const NO_DELIVERIES: Readonly<DeliveryStats> = {
  hits: 0,
  misses: 0,
  denials: 0,
  functions: 0,
  redirects: 0,
  errors: 0,
  bytes: 0,
}

export interface EdgeOptions extends Partial<Distribution> {
  /** 0, the default, takes any free port. */
  port?: number
  /** Certificate of the edge and its key, PEM (see `certify`): it then listens for HTTPS, and for HTTP on a port of its own. */
  tls?: { cert: string; key: string }
  /**
   * Something in front of the edge ends TLS and speaks HTTP to it, as a second CDN set to do so: to CloudFront every viewer comes by
   * HTTP, which `redirect-to-https` sends round in circles. False by default; needs `tls`.
   */
  tlsEndsInFront?: boolean
  origin: OriginOptions
  /** Trusted public keys by key pair id: PEM or parsed, RSA or ECDSA P-256. */
  publicKeys: Record<string, string | KeyObject>
  /**
   * Scheme and host that viewers' URLs are signed for, `https://cdn.example.com`, where something in front of the edge
   * has that name. By default `http://` and the Host header.
   */
  publicOrigin?: string
  /**
   * CloudFront Functions of the behaviour, as code; none by default. They run in a sandbox with CloudFront's event and its limits.
   * Code that is too large, does not parse or has no `handler` is an error at the start.
   */
  viewerFunctions?: ViewerFunctionCode
  /** Bytes of all cached objects together; 2 GiB by default. */
  cacheBytes?: number
  /** Bytes of the largest object that is served whole; 50 GB by default, which is CloudFront's limit. */
  maxObjectBytes?: number
  /** The viewer's address for IpAddress conditions; by default the connection's. */
  viewerAddress?: (request: IncomingMessage) => string
  /** Clock of the edge, milliseconds since the epoch, for signatures and the Date of answers. Default `Date.now`. */
  now?: () => number
  /** Called when a request is answered. */
  onRequest?: (record: EdgeRecord) => void
}

/** A CloudFront edge on this machine. */
export interface LocalEdge extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/`, or `https:` where there is a certificate. */
  readonly baseUrl: string
  /** `http://127.0.0.1:PORT/`; the `baseUrl` where there is no certificate. */
  readonly httpBaseUrl: string
  readonly port: number
  /** Configuration of the distribution: assign to its fields. */
  readonly distribution: Distribution
  readonly stats: Readonly<EdgeStats>
  resetStats(): void
  /** Trusts another key from now on. */
  trust(keyPairId: string, publicKey: string | KeyObject): void
  distrust(keyPairId: string): void
  /** Forgets one key of the bucket with all its query variants, or everything. */
  invalidate(key?: string): void
  close(): Promise<void>
}

export async function startEdge(options: EdgeOptions): Promise<LocalEdge> {
  const { tls, tlsEndsInFront = false } = options
  if (tlsEndsInFront && !tls) throw new Error('tlsEndsInFront needs tls')
  const keys = new Map(Object.entries(options.publicKeys).map(([id, key]) => [id, parsed(key)]))
  const now = options.now ?? Date.now
  const functions = options.viewerFunctions && new ViewerFunctions(options.viewerFunctions)
  const distribution = distributionOf(options)
  const maxObjectBytes = options.maxObjectBytes ?? 50e9
  const spools = await SpoolDirectory.create()
  const origin = new Origin(options.origin, distribution)
  const limits = { total: options.cacheBytes ?? 2 * 1024 ** 3, object: maxObjectBytes }
  const cache = new EdgeCache(origin, spools, limits, distribution)
  const stats: DeliveryStats = { ...NO_DELIVERIES }

  async function handle(request: IncomingMessage, response: ServerResponse, isHttps: boolean): Promise<void> {
    const startedAt = Date.now()
    const { path, query } = splitTarget(request.url ?? '/')
    const viewer = new ViewerResponse(request, response, { stats, now })
    const delivery = new Delivery(request, viewer, { origin, cache, distribution, maxObjectBytes })
    let denial: DenialCode | undefined
    const { authorization } = request.headers
    let key = cacheKeyOf({ path, query, authorization }, distribution)
    const address = options.viewerAddress?.(request) ?? request.socket.remoteAddress ?? ''
    const { host = '' } = request.headers
    const publicOrigin = options.publicOrigin ?? `${isHttps ? 'https' : 'http'}://${host}`
    const byProtocol = isHttps ? undefined : protocolAnswer(request, distribution, httpsOrigin(host))
    const refusal = refusalOf(request, publicOrigin + (request.url ?? '/'), distribution)
    try {
      if (byProtocol?.kind === 'redirect') {
        viewer.redirect(byProtocol.status, byProtocol.location)
      } else if (byProtocol) {
        viewer.refuse({ status: 403, message: 'Bad request.', isLast: false })
      } else if (refusal) {
        viewer.refuse(refusal)
      } else {
        if (distribution.restrictViewerAccess) {
          const signed = { origin: publicOrigin, target: request.url ?? '/', cookie: request.headers.cookie, address }
          verifyViewer(signed, { keys, hashAlgorithms: distribution.hashAlgorithms, now: now() })
        }
        if (functions) {
          const seen = functionRequest(request, path, query)
          const outcome = functions.onRequest(seen, address)
          if (outcome.kind === 'response') {
            viewer.answer(outcome.response)
          } else {
            const { uri, querystring, headers } = outcome.request
            // "If a function does not change the URI or query string, CloudFront forwards the values that it received".
            const isSameQuery = isDeepStrictEqual(querystring, seen.querystring)
            const left = plainHeaders(headers)
            const parts = {
              path: uri,
              query: isSameQuery ? query : queryOf(querystring),
              authorization: left['authorization'],
            }
            key = cacheKeyOf(parts, distribution)
            await delivery.deliver({
              toOrigin: { key, authorization: parts.authorization },
              headers: left,
              onResponse: answer => functions.onResponse(outcome.request, address, answer),
            })
          }
        } else {
          await delivery.deliver({ toOrigin: { key, authorization }, headers: request.headers })
        }
      }
    } catch (error) {
      if (error instanceof Denial) {
        denial = error.code
        await delivery.deny(error).catch(() => viewer.fail())
      } else if (error instanceof FunctionError) {
        viewer.failFunction(error)
      } else {
        viewer.fail()
      }
    }
    const { result, bytes } = viewer
    options.onRequest?.({
      method: request.method ?? '',
      path,
      key: objectKey(key),
      status: response.statusCode,
      result,
      denial,
      bytes,
      milliseconds: Date.now() - startedAt,
    })
  }

  const server = await listenOnLoopback(
    options.port ?? 0,
    (request, response) => handle(request, response, tls !== undefined && !tlsEndsInFront),
    tls,
  )
  const plain = tls && (await listenOnLoopback(0, (request, response) => handle(request, response, false)))
  /** Scheme and host to which a viewer by HTTP is sent: the same name, here with another port. */
  function httpsOrigin(host: string): string {
    if (options.publicOrigin !== undefined) return options.publicOrigin.replace(/^http:/, 'https:')
    return `https://${tls ? host.replace(/:\d+$/, `:${server.port}`) : host}`
  }

  const close = async () => {
    await plain?.close()
    await server.close()
    origin.close()
    await spools[Symbol.asyncDispose]()
  }
  return {
    baseUrl: `${tls ? 'https' : 'http'}://127.0.0.1:${server.port}/`,
    httpBaseUrl: `http://127.0.0.1:${(plain ?? server).port}/`,
    port: server.port,
    distribution,
    get stats() {
      return { ...stats, originRequests: origin.requests }
    },
    resetStats: () => {
      Object.assign(stats, NO_DELIVERIES)
      origin.requests = 0
    },
    trust: (id, key) => void keys.set(id, parsed(key)),
    distrust: id => void keys.delete(id),
    invalidate: key => cache.invalidate(key),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function parsed(key: string | KeyObject): KeyObject {
  return key instanceof KeyObject && key.type === 'public' ? key : createPublicKey(key)
}

/** The settings among the options; what is undefined is as if it were not there. */
function distributionOf(options: EdgeOptions): Distribution {
  const defaults = defaultDistribution(options.tls !== undefined)
  const given = Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}
