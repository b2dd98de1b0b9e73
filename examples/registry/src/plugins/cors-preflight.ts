import fp from 'fastify-plugin'

/**
 * Answers the preflights of browsers (Fetch, 4.8: `OPTIONS` with `Access-Control-Request-Method`) with 204 and the headers that
 * the registry's owner has configured. A browser sends no credentials with one, so it comes before any login; what it asks for
 * is neither looked up nor told, and the browser itself compares it with the headers.
 */
export const corsPreflight = fp(
  async app => {
    app.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return done()
      void reply.code(204).send()
    })
  },
  { name: 'cors-preflight', dependencies: ['response-headers'], fastify: '5.x' },
)
