import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** Ends the connection of an answer that is out, once the registry closes: its headers may have been out before. */
    endIfClosing(socket: Socket): void
  }
}

/**
 * Lets `app.close()` end in time and lose nothing. Connections end as their answers go out, because clients that keep theirs
 * alive would keep the registry from ending; the server itself ends those without a request. And the handlers of all
 * requests are waited for, also of those whose connection is gone: they still store what they had received, or clean up.
 */
export const gracefulClose = fp(
  async app => {
    let isClosing = false
    let running = 0
    let onIdle = (): void => {}
    const ended = (): void => {
      running -= 1
      if (running === 0) onIdle()
    }
    app.decorate('endIfClosing', socket => {
      if (isClosing) socket.end()
    })
    app.addHook('preClose', async () => {
      isClosing = true
    })
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (isClosing) reply.header('connection', 'close')
      done()
    })
    app.addHook('onRoute', route => {
      const { handler } = route
      route.handler = function (request, reply) {
        const result: unknown = handler.call(this, request, reply)
        if (!(result instanceof Promise)) return result
        running += 1
        result.then(ended, ended)
        return result
      }
    })
    app.addHook('onClose', async () => {
      if (running > 0) await new Promise<void>(resolve => (onIdle = resolve))
    })
  },
  { name: 'graceful-close', fastify: '5.x' },
)
