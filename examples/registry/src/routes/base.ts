import fp from 'fastify-plugin'

/**
 * end-1: tells that this is a registry. `/` says no more than that it answers, as in Distribution: load balancers and Helm
 * charts ask there.
 */
export const baseRoutes = fp(
  async app => {
    app.route({
      method: ['GET', 'HEAD'],
      url: '/',
      handler: (_request, reply) => reply.header('cache-control', 'no-cache').send(),
    })
    for (const url of ['/v2', '/v2/']) {
      app.get(url, () => ({}))
      app.head(url, (_request, reply) => reply.send())
    }
  },
  { name: 'base-routes', dependencies: ['allowed-methods', 'authorization', 'validate-request'], fastify: '5.x' },
)
