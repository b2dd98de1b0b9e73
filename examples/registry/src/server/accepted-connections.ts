import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** Connections that another process has accepted for a server of this one, which does not listen itself. */
export class AcceptedConnections {
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #onEnd = (): void => {}

  /** Sets the server, HTTP or HTTPS. Call it once, before the first connection. */
  serve(server: Server): void {
    this.#server = server
    // Only from then on does Node watch a server's connections: their time limits, and which of them are idle.
    server.emit('listening')
  }

  take(socket: Socket): void {
    const server = this.#server
    if (!server) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#onEnd()
    })
    // As Node has them that a server accepts itself.
    socket.allowHalfOpen = !(server instanceof TlsServer)
    server.emit('connection', socket)
  }

  /** Ends those without a request, and those whose handshake is still under way when that is over. */
  close(): void {
    this.#server?.prependListener('secureConnection', (socket: Socket) => socket.destroy())
    this.#server?.close()
  }

  /** Ends all. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Waits until all have ended. */
  async ended(): Promise<void> {
    if (this.#sockets.size > 0) await new Promise<void>(resolve => (this.#onEnd = resolve))
  }
}
