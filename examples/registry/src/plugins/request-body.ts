import type { FastifyRequest } from 'fastify'

/**
 * A request's body. A client that sends nothing for `patience` seconds counts as gone; the time in which the reader is
 * busy with what came does not count. Whoever stops reading before the end can still answer.
 */
export async function* bodyOf(request: FastifyRequest, patience: number): AsyncGenerator<Buffer> {
  const { raw } = request
  raw.socket.setTimeout(patience * 1000)
  try {
    for await (const chunk of raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      raw.socket.setTimeout(0)
      request.received += chunk.length
      yield chunk
      raw.socket.setTimeout(patience * 1000)
    }
  } finally {
    raw.socket.setTimeout(0)
  }
}

/** Whether a request has a body, an empty one of unknown length included. */
export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
