import type { FastifyInstance } from 'fastify'

/** end-1: whether this is a registry. */
export function baseRoutes(app: FastifyInstance): void {
  for (const url of ['/v2', '/v2/']) {
    app.get(url, () => ({}))
    app.head(url, (_request, reply) => reply.send())
  }
}
