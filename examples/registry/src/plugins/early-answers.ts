import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { hasBody } from './request-body.ts'

/** How much of a body, in bytes, is still taken and thrown away after its request was answered. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024

/** And for how long. */
const MAX_DRAIN_MS = 3_000

/**
 * Ends the connection of a request that was answered before its body was read. Of the rest some is taken first, while the
 * answer is out already: a connection that is closed on a client that is sending may take the answer with it.
 */
export function endEarlyAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.raw.complete || !hasBody(request) || payload instanceof Readable) {
      done(null, payload)
      return
    }
    const content =
      typeof payload === 'string' || payload instanceof Uint8Array ? Buffer.from(payload) : Buffer.alloc(0)
    reply.header('connection', 'close').header('content-length', content.length)
    done(null, Readable.from(thenDrain(content, request.raw), { objectMode: false }))
  })
}

/** The answer's content, and its end only when the request's body has come or was more than is waited for. */
async function* thenDrain(content: Buffer, request: IncomingMessage): AsyncGenerator<Buffer> {
  if (content.length > 0) yield content
  await drain(request)
}

function drain(request: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    if (request.destroyed || request.readableEnded) return resolve()
    let drained = 0
    const enough = (): void => {
      clearTimeout(timer)
      request.off('data', count)
      resolve()
    }
    const count = (chunk: Buffer): void => {
      drained += chunk.length
      if (drained > MAX_DRAINED_BYTES) enough()
    }
    const timer = setTimeout(enough, MAX_DRAIN_MS)
    request.on('data', count).once('end', enough).once('close', enough).resume()
  })
}
