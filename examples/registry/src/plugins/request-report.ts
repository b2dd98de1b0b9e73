import type { FastifyInstance } from 'fastify'
import { requestId } from './request-id.ts'
import { redactUrl } from '../observability/redact-url.ts'

/** A request that has come. */
export interface RequestArrival {
  readonly method: string
  /** The pattern of its path, such as `/v2/:name/tags/list`; undefined when there is no such endpoint. */
  readonly route: string | undefined
}

/** One request and its answer. */
export interface RequestReport extends RequestArrival {
  /** What `X-Request-Id` says in its answer. */
  readonly id: string
  /** Path and query as the client sent them, without what may be secret in the query. */
  readonly url: string
  /** Undefined when the client went away before it had its answer. */
  readonly status: number | undefined
  /** Who serves the blob that was asked for: `inline` for the registry itself, or else what the URL's `via` says. */
  readonly servedBy: string | undefined
  /** Bytes of the request's body. */
  readonly received: number
  /** Bytes of the answer, its headers included. */
  readonly sent: number
  readonly milliseconds: number
  /** The address at the other end of the connection: the client's own or a proxy's. */
  readonly remoteAddress: string | undefined
  readonly userAgent: string | undefined
  /** Who asked, where the registry knows. */
  readonly user: string | undefined
}

export type OnArrival = (arrival: RequestArrival) => void
export type OnRequest = (report: RequestReport) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of the body so far. */
    received: number
    /** Set where a client has said, and proved, who it is. */
    userName: string | undefined
  }
  interface FastifyReply {
    /** Set by the route that serves a blob. */
    servedBy: string | undefined
  }
}

/** Names each request in its answer, and tells of it when it comes and when its answer is out, or can no longer go out. */
export function reportRequests(app: FastifyInstance, onArrival: OnArrival, onRequest: OnRequest): void {
  app.decorateRequest('received', 0)
  app.decorateRequest('userName', undefined)
  app.decorateReply('servedBy', undefined)
  app.setGenReqId(({ headers }) => requestId(headers))
  app.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now()
    const { socket } = request
    const sentBefore = socket.bytesWritten
    const { method } = request
    const route = request.routeOptions.url
    reply.header('x-request-id', request.id)
    reply.raw.on('close', () => {
      // Property by property: to spread other objects into it was the largest cost of a redirect.
      onRequest({
        method,
        route,
        id: request.id,
        url: redactUrl(request.originalUrl),
        // To Node an answer is finished, too, when the connection is cut off with its last bytes.
        status: reply.raw.writableFinished && !socket.destroyed ? reply.statusCode : undefined,
        servedBy: reply.servedBy,
        received: request.received,
        sent: socket.bytesWritten - sentBefore,
        milliseconds: performance.now() - startedAt,
        remoteAddress: socket.remoteAddress,
        userAgent: request.headers['user-agent'],
        user: request.userName,
      })
    })
    onArrival({ method, route })
    done()
  })
}
