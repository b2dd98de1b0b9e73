import type { FastifyInstance } from 'fastify'

/**
 * Lets `app.close()` wait for the handlers of all requests, those whose connection is gone included: they still store what
 * they had received, or clean up. Call it before the routes are added.
 */
export function closeAfterHandlers(app: FastifyInstance): void {
  const underWay = new Set<Promise<unknown>>()
  app.addHook('onRoute', route => {
    const { handler } = route
    route.handler = function (request, reply) {
      const result: unknown = handler.call(this, request, reply)
      if (!(result instanceof Promise)) return result
      underWay.add(result)
      const ended = (): boolean => underWay.delete(result)
      result.then(ended, ended)
      return result
    }
  })
  app.addHook('onClose', async () => {
    await Promise.allSettled(underWay)
  })
}
