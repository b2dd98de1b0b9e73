import type { FastifyInstance } from 'fastify'

/**
 * Lets `app.close()` wait for the handlers of all requests, those whose connection is gone included: they still store what
 * they had received, or clean up. Call it before the routes are added.
 */
export function closeAfterHandlers(app: FastifyInstance): void {
  let underWay = 0
  let onIdle = (): void => {}
  const ended = (): void => {
    underWay -= 1
    if (underWay === 0) onIdle()
  }
  app.addHook('onRoute', route => {
    const { handler } = route
    route.handler = function (request, reply) {
      const result: unknown = handler.call(this, request, reply)
      if (!(result instanceof Promise)) return result
      underWay += 1
      result.then(ended, ended)
      return result
    }
  })
  app.addHook('onClose', async () => {
    if (underWay > 0) await new Promise<void>(resolve => (onIdle = resolve))
  })
}
