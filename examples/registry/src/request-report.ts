import type { FastifyInstance } from 'fastify'

/** One request and its answer. */
export interface RequestReport {
  readonly method: string
  /** As the client sent it. */
  readonly url: string
  /** Undefined when the client went away before it had its answer. */
  readonly status: number | undefined
  /** Who serves the blob that was asked for: `inline` for the registry itself, or else what the URL's `via` says. */
  readonly servedBy: string | undefined
  /** Bytes of the request's body. */
  readonly received: number
  readonly milliseconds: number
}

export type OnRequest = (report: RequestReport) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of the body so far. */
    received: number
  }
  interface FastifyReply {
    /** Set by the route that serves a blob. */
    servedBy: string | undefined
  }
}

/** Calls `onRequest` when an answer is out, or can no longer go out. */
export function reportRequests(app: FastifyInstance, onRequest: OnRequest): void {
  app.decorateRequest('received', 0)
  app.decorateReply('servedBy', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now()
    reply.raw.once('close', () => {
      const { method, originalUrl: url, received } = request
      const status = reply.raw.writableFinished ? reply.statusCode : undefined
      const milliseconds = performance.now() - startedAt
      onRequest({ method, url, status, servedBy: reply.servedBy, received, milliseconds })
    })
    done()
  })
}
