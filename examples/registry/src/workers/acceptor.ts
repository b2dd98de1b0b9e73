import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import type { Address, SocketAddress } from '../config/address.ts'

/** Process that serves connections. */
export interface ConnectionServer {
  /** False once it stops, or has ended: it is given no more. */
  readonly takesConnections: boolean
  /** Hands a connection over. Resolves when the next one may follow. */
  take(socket: Socket): Promise<void>
}

/**
 * Accepts connections for other processes, and gives them out in turn. A process has the next one when it has taken the one
 * before, so one that hangs keeps no more than one from the others. While there is none, connections wait.
 *
 * Node's cluster is not used for it: it loses a connection that comes while its workers close, and that client waits until
 * the last of them has ended.
 */
export class Acceptor {
  readonly #servers: Server[] = []
  readonly #waiting: Socket[] = []
  /** Those that can take a connection. The first is the next. */
  readonly #free = new Set<ConnectionServer>()
  readonly #onError: (error: Error) => void

  /** @param onError is told why connections could not be accepted */
  constructor(onError: (error: Error) => void) {
    this.#onError = onError
  }

  /** Gives the address on which it listens; of several the first. */
  readonly server = { address: (): AddressInfo | string | null => this.#servers[0]?.address() ?? null }

  /** Starts to accept. The name `localhost` stands for all its addresses, as in Fastify. */
  async listen(address: Address | SocketAddress): Promise<void> {
    const server = await this.#listenOn(address)
    if (!('host' in address) || address.host !== 'localhost') return
    const { address: taken, port } = server.address() as AddressInfo
    const others = (await lookup(address.host, { all: true })).filter(other => other.address !== taken)
    // One that the machine does not have, or not with this port, is no reason not to start.
    await Promise.allSettled(others.map(other => this.#listenOn({ host: other.address, port })))
  }

  /** Gives connections to a process, too. */
  add(server: ConnectionServer): void {
    this.#free.add(server)
    this.#giveOut()
  }

  /** Refuses connections from now on, and ends those that wait. What was handed over before is not touched. */
  close(): void {
    for (const server of this.#servers) server.close()
    for (const socket of this.#waiting.splice(0)) socket.destroy()
  }

  async #listenOn(address: Address | SocketAddress): Promise<Server> {
    // Not a byte is read here. The other options are those of Node's HTTP servers.
    const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, socket => {
      this.#waiting.push(socket)
      this.#giveOut()
    })
    await once(server.listen(address), 'listening')
    server.on('error', this.#onError)
    this.#servers.push(server)
    return server
  }

  #giveOut(): void {
    for (const server of this.#free) {
      if (this.#waiting.length === 0) return
      this.#free.delete(server)
      if (!server.takesConnections) continue
      const socket = this.#waiting.shift()
      if (socket) void server.take(socket).then(() => this.add(server))
    }
  }
}
