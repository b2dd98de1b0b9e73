import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Begins a pipelined request when the answers before it on its connection are out, and never when the connection has ended
 * by then. Node gives an answer its connection, and with it the certainty of a `close`, only when it is its turn: a request
 * that was begun before would keep what it had opened for ever.
 *
 * Call it before any other hook for requests is added: all that is begun with a request is then ended with its answer.
 *
 * @param answered told of a connection when an answer of its is out, before the next one's turn
 */
export function takeTurns(app: FastifyInstance, answered: (socket: Socket) => void): void {
  app.addHook('onRequest', ({ raw }, reply, done) => turnsOf(raw.socket, answered).take(reply.raw, done))
}

/** Whether a client is being sent an answer, in the middle of which another one would be taken for its content. */
export function isAnswering(socket: Socket): boolean {
  return connections.get(socket)?.answer?.headersSent ?? false
}

const connections = new WeakMap<Socket, Turns>()

function turnsOf(socket: Socket, answered: (socket: Socket) => void): Turns {
  const known = connections.get(socket)
  if (known) return known
  const turns = new Turns(socket, () => answered(socket))
  connections.set(socket, turns)
  return turns
}

interface Turn {
  readonly answer: ServerResponse
  readonly begin: () => void
}

/** The requests of one connection. */
class Turns {
  readonly #socket: Socket
  readonly #waiting: Turn[] = []
  readonly #onClose = (): void => this.#pass()
  readonly #answered: () => void
  #answer: ServerResponse | undefined

  constructor(socket: Socket, answered: () => void) {
    this.#socket = socket
    this.#answered = answered
  }

  /** The answer under way. */
  get answer(): ServerResponse | undefined {
    return this.#answer
  }

  take(answer: ServerResponse, begin: () => void): void {
    if (this.#answer === undefined) {
      this.#enter(answer)
      this.#begin(begin)
      return
    }
    this.#waiting.push({ answer, begin })
    // No more of them are taken in meanwhile, or else one connection could have any number wait.
    this.#socket.pause()
  }

  #enter(answer: ServerResponse): void {
    this.#answer = answer
    answer.on('close', this.#onClose)
  }

  /** What comes behind the last answer of a connection is not carried out: RFC 9112, section 9.6. */
  #begin(begin: () => void): void {
    if (this.#socket.writable) begin()
  }

  #pass(): void {
    this.#answer = undefined
    this.#answered()
    if (!this.#socket.writable) this.#waiting.length = 0
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#enter(next.answer)
    if (this.#waiting.length === 0) this.#socket.resume()
    // Whoever else waits for the end of the answer before is told first.
    process.nextTick(() => this.#begin(next.begin))
  }
}
