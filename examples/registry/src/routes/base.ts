import fp from 'fastify-plugin'

/** end-1: tells that this is a registry. */
export const baseRoutes = fp(
  async app => {
    for (const url of ['/v2', '/v2/']) {
      app.get(url, () => ({}))
      app.head(url, (_request, reply) => reply.send())
    }
  },
  { name: 'base-routes', dependencies: ['allowed-methods', 'authorization', 'validate-request'], fastify: '5.x' },
)
