import type { FastifyInstance } from 'fastify'

/**
 * Ends connections as their answers go out, once the registry closes: clients that keep theirs alive would keep it from
 * ending. Those without a request are ended at once, by the server itself.
 */
export function closeConnections(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close')
    done()
  })
  // For answers whose headers were out before.
  app.addHook('onResponse', ({ socket }, _reply, done) => {
    if (isClosing) socket.end()
    done()
  })
}
