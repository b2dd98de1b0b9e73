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
  app.addHook('onSend', async (_request, reply, payload) => {
    if (isClosing) reply.header('connection', 'close')
    return payload
  })
  // For answers whose headers were out before.
  app.addHook('onResponse', async ({ socket }) => {
    if (isClosing) socket.end()
  })
}
