import type { FastifyInstance } from 'fastify'

/** Gives every answer the header by which clients know a registry, and others that its owner wants. */
export function answerHeaders(app: FastifyInstance, headers: Readonly<Record<string, readonly string[]>>): void {
  const added = Object.entries(headers)
  app.addHook('onRequest', (_request, reply, done) => {
    for (const [name, values] of added) reply.header(name, [...values])
    reply.header('docker-distribution-api-version', 'registry/2.0')
    done()
  })
}
