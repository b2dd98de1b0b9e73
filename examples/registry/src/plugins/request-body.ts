import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Time for which an unread body is still taken after the answer, in all and without a byte: 30 and 5 seconds, the defaults of
 * nginx's `lingering_time` and `lingering_timeout`. Many clients read an answer only when all is sent, and find a broken pipe
 * instead where the connection ends before.
 */
const [MAX_DRAIN_MS, MAX_DRAIN_IDLE_MS] = [30_000, 5_000]

/**
 * Leaves bodies to the routes as streams, whatever type they are said to have, and drains those that were not read: it ends
 * the connection of a request that was answered before its body had come, but takes some of the rest first, while the answer
 * is out already. A connection that is closed on a client that is sending may take the answer with it.
 */
export const requestBody = fp(
  async app => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _body, done) => done(null))
    app.addHook('onSend', (request, reply, payload, done) => {
      if (request.raw.complete || !hasBody(request) || payload instanceof Readable) {
        done(null, payload)
        return
      }
      const content =
        typeof payload === 'string' || payload instanceof Uint8Array ? Buffer.from(payload) : Buffer.alloc(0)
      reply.header('connection', 'close').header('content-length', content.length)
      done(null, Readable.from(sendAndDrain(content, request.raw), { objectMode: false }))
    })
  },
  { name: 'request-body', dependencies: ['request-report', 'response-headers'], fastify: '5.x' },
)

/**
 * Streams a request's body. A client that sends nothing for `stallTimeoutMs` counts as gone; the time in which the reader is
 * busy with what came does not count. A reader that stops before the end can still answer.
 */
export async function* readBody(request: FastifyRequest, stallTimeoutMs: number): AsyncGenerator<Buffer> {
  const { raw } = request
  raw.socket.setTimeout(stallTimeoutMs)
  try {
    for await (const chunk of raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      raw.socket.setTimeout(0)
      request.received += chunk.length
      yield chunk
      raw.socket.setTimeout(stallTimeoutMs)
    }
  } finally {
    raw.socket.setTimeout(0)
  }
}

/** True when a request has a body, an empty one of unknown length included. */
export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Streams the answer's content, and ends only when the request's body has come or was more than is waited for. */
async function* sendAndDrain(content: Buffer, request: IncomingMessage): AsyncGenerator<Buffer> {
  if (content.length > 0) yield content
  await drain(request)
}

function drain(request: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    if (request.destroyed || request.readableEnded) return resolve()
    const stop = (): void => {
      clearTimeout(timer)
      clearTimeout(idle)
      request.off('data', refresh)
      resolve()
    }
    const timer = setTimeout(stop, MAX_DRAIN_MS)
    const idle = setTimeout(stop, MAX_DRAIN_IDLE_MS)
    const refresh = (): unknown => idle.refresh()
    request.on('data', refresh).once('end', stop).once('close', stop).resume()
  })
}
