import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https'
import type { OnReadOpts, Socket } from 'node:net'

/** Bytes that a connection takes from the system at once. Memory that an answer never reached is not in use. */
const READ_BUFFER_BYTES = 256 * 1024

/** Method of Node's agents that opens a connection, which its types do not tell of. */
interface ConnectionFactory {
  createConnection(options: object, callback?: (error: Error | null, socket: Socket) => void): Socket
}

/**
 * Creates the agents of a client. Their connections read into one buffer each, again and again: Node's HTTP parser copies
 * what it passes on, so that a new, zeroed buffer for every 64 KiB would be half of the CPU time of a large read.
 */
export function createAgents(options: HttpAgentOptions, tls: Pick<HttpsAgentOptions, 'rejectUnauthorized'>) {
  return {
    httpAgent: withReadBuffer(new HttpAgent(options)),
    httpsAgent: withReadBuffer(new HttpsAgent({ ...options, ...tls })),
  }
}

function withReadBuffer<Agent extends HttpAgent>(agent: Agent): Agent {
  const maker = agent as unknown as ConnectionFactory
  const createConnection = maker.createConnection.bind(agent)
  maker.createConnection = (options, callback) => {
    const onread: OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      callback: (length, buffer) => {
        socket.emit('data', buffer.subarray(0, length))
        return true
      },
    }
    const socket = createConnection({ ...options, onread }, callback)
    return socket
  }
  return agent
}
