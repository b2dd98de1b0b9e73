import { createPublicKey, KeyObject } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { listenOnLoopback } from '../loopback-server.ts'
import { percentDecode, splitTarget } from '../query.ts'
import { SpoolDirectory } from '../spool.ts'
import { EdgeCache } from './cache.ts'
import { Delivery } from './delivery.ts'
import type { DeliveryStats, EdgeResult } from './delivery.ts'
import { FunctionError } from './functions/function-error.ts'
import { functionRequest, plainHeaders, queryOf } from './functions/function-event.ts'
import { type ViewerFunctionCode, ViewerFunctions } from './functions/viewer-functions.ts'
import { type CacheKey, objectKey } from './cache-key.ts'
import { Origin } from './origin.ts'
import type { OriginOptions } from './origin.ts'
import { refusalOf } from './request-rules.ts'
import { Denial } from './denial.ts'
import type { DenialCode } from './denial.ts'
import { verifyViewer } from './verify.ts'

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

/** CloudFront's own parameters. */
const SIGNATURE_PARAMETERS = new Set(['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'])

const NO_DELIVERIES: Readonly<DeliveryStats> = { hits: 0, misses: 0, denials: 0, functions: 0, errors: 0, bytes: 0 }

export interface EdgeOptions {
  /** 0, the default, takes any free port. */
  port?: number
  origin: OriginOptions
  /** Trusted public keys by key pair id: PEM or parsed, RSA or ECDSA P-256. */
  publicKeys: Record<string, string | KeyObject>
  /** What the distribution puts before the path to make the key. */
  originPath?: string
  /**
   * Scheme and host that viewers' URLs are signed for, `https://cdn.example.com`, where something in front of the edge
   * has that name. By default `http://` and the Host header.
   */
  publicOrigin?: string
  /**
   * Query parameters that the cache policy passes on to the bucket and tells apart: `response-content-disposition` and the
   * like. Those of a signature are never passed on. `none` by default, as in CloudFront's CachingOptimized policy.
   */
  queryStrings?: 'none' | 'all' | readonly string[]
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
  /** Milliseconds since the epoch; by default the clock. */
  now?: () => number
  /** Called when a request is answered. */
  onRequest?: (record: EdgeRecord) => void
}

/** A CloudFront edge on this machine. */
export interface LocalEdge extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/` */
  readonly baseUrl: string
  readonly port: number
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
  const keys = new Map(Object.entries(options.publicKeys).map(([id, key]) => [id, parsed(key)]))
  const now = options.now ?? Date.now
  const functions = options.viewerFunctions && new ViewerFunctions(options.viewerFunctions)
  const prefix = (options.originPath ?? '').replace(/^\/*(?=.)/, '/').replace(/\/+$/, '')
  const maxObjectBytes = options.maxObjectBytes ?? 50e9
  const spools = await SpoolDirectory.create()
  const origin = new Origin(options.origin)
  const cache = new EdgeCache(origin, spools, { total: options.cacheBytes ?? 2 * 1024 ** 3, object: maxObjectBytes })
  const stats: DeliveryStats = { ...NO_DELIVERIES }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = Date.now()
    const { path, query } = splitTarget(request.url ?? '/')
    const delivery = new Delivery(request, response, { origin, cache, maxObjectBytes, stats })
    let denial: DenialCode | undefined
    let cacheKey: CacheKey = { path: prefix + path, query: forwarded(query) }
    const address = options.viewerAddress?.(request) ?? request.socket.remoteAddress ?? ''
    const publicOrigin = options.publicOrigin ?? `http://${request.headers.host ?? ''}`
    const refusal = refusalOf(request, publicOrigin + (request.url ?? '/'))
    try {
      if (refusal) {
        delivery.refuse(refusal)
      } else {
        verifyViewer(
          {
            origin: publicOrigin,
            target: request.url ?? '/',
            cookie: request.headers.cookie,
            address,
          },
          { keys, now: now() },
        )
        if (functions) {
          const seen = functionRequest(request, path, query)
          const outcome = functions.onRequest(seen, address)
          if (outcome.kind === 'response') {
            delivery.answer(outcome.response)
          } else {
            const { uri, querystring, headers } = outcome.request
            // "If a function does not change the URI or query string, CloudFront forwards the values that it received".
            const isSameQuery = isDeepStrictEqual(querystring, seen.querystring)
            cacheKey = { path: prefix + uri, query: forwarded(isSameQuery ? query : queryOf(querystring)) }
            await delivery.deliver({
              key: cacheKey,
              headers: plainHeaders(headers),
              onResponse: answer => functions.onResponse(outcome.request, address, answer),
            })
          }
        } else {
          await delivery.deliver({ key: cacheKey, headers: request.headers })
        }
      }
    } catch (error) {
      if (error instanceof Denial) {
        denial = error.code
        delivery.deny(error)
      } else if (error instanceof FunctionError) {
        delivery.failFunction(error)
      } else {
        delivery.fail()
      }
    }
    const { result, bytes } = delivery
    options.onRequest?.({
      method: request.method ?? '',
      path,
      key: objectKey(cacheKey),
      status: response.statusCode,
      result,
      denial,
      bytes,
      milliseconds: Date.now() - startedAt,
    })
  }

  /** Of the parameters as they were sent, those of the cache policy. */
  function forwarded(query: string): string {
    const { queryStrings = 'none' } = options
    if (queryStrings === 'none') return ''
    const isForwarded = (parameter: string): boolean => {
      const name = percentDecode(parameter.replace(/=.*/s, ''))
      if (parameter === '' || SIGNATURE_PARAMETERS.has(name)) return false
      return queryStrings === 'all' || queryStrings.includes(name)
    }
    return query.split('&').filter(isForwarded).join('&')
  }

  const server = await listenOnLoopback(options.port ?? 0, handle)
  const close = async () => {
    await server.close()
    origin.close()
    await spools[Symbol.asyncDispose]()
  }
  return {
    baseUrl: `http://127.0.0.1:${server.port}/`,
    port: server.port,
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
