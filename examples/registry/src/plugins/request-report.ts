import { randomFillSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import fp from 'fastify-plugin'
import type { RequestArrival, RequestReport } from '../observability/request-report.ts'
import { redactUrl } from '../observability/request-target.ts'

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

export interface RequestReportOptions {
  /** Called when a request has come. */
  onArrival?: ((arrival: RequestArrival) => void) | undefined
  /** Called when an answer is out, or can no longer go out. */
  onRequest?: ((report: RequestReport) => void) | undefined
}

/** Gives each request an id, which its answer tells, and reports when it comes and when its answer is out. */
export const requestReport = fp<RequestReportOptions>(
  async (app, { onArrival = () => {}, onRequest = () => {} }) => {
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
          durationMs: performance.now() - startedAt,
          remoteAddress: socket.remoteAddress,
          userAgent: request.headers['user-agent'],
          user: request.userName,
        })
      })
      onArrival({ method, route })
      done()
    })
  },
  { name: 'request-report', dependencies: ['pipelining'], fastify: '5.x' },
)

/** Form of an id that may stand in a header and in a log line as it is: UUIDs, ULIDs, trace ids and the like. */
const safeId = /^[\w.:=+/-]{1,128}$/

/** Random bytes for many ids, fetched at once: a system call for each was 6 % of a redirect's CPU time. */
const random = Buffer.alloc(4096)
const ID_BYTES = 8
let used = random.length

/** Takes the id that a proxy in front or the client sent as `X-Request-Id`, or makes one of 16 hexadecimal digits. */
function requestId({ 'x-request-id': given }: IncomingHttpHeaders): string {
  return typeof given === 'string' && safeId.test(given) ? given : newId()
}

function newId(): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  used += ID_BYTES
  return random.toString('hex', used - ID_BYTES, used)
}
