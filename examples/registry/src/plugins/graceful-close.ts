import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Ends connections as their answers go out, once the registry closes: clients that keep theirs alive would keep it from
 * ending. Those without a request are ended at once, by the server itself.
 *
 * @returns what ends the connection of an answer that is out, once the registry closes: its headers may have been out before
 */
export function closeConnections(app: FastifyInstance): (socket: Socket) => void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close')
    done()
  })
  return socket => {
    if (isClosing) socket.end()
  }
}
