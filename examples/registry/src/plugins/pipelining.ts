import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/**
 * Serializes pipelined requests: one begins when the answers before it on its connection are out, and never when the
 * connection has ended by then. Node gives an answer its connection, and with it the certainty of a `close`, only then: a
 * request that was begun before would keep what it had opened for ever.
 *
 * Its hook runs before all others, so all that is begun with a request ends with its answer.
 */
export const pipelining = fp(
  async app => {
    app.addHook('onRequest', ({ raw }, reply, done) =>
      queueOf(raw.socket, socket => app.endIfClosing(socket)).enter(reply.raw, done),
    )
  },
  { name: 'pipelining', dependencies: ['graceful-close'], fastify: '5.x' },
)

/** True while a client is being sent an answer, in the middle of which another one would be taken for its content. */
export function isAnswering(socket: Socket): boolean {
  return queues.get(socket)?.answer?.headersSent ?? false
}

const queues = new WeakMap<Socket, RequestQueue>()

function queueOf(socket: Socket, onAnswered: (socket: Socket) => void): RequestQueue {
  const known = queues.get(socket)
  if (known) return known
  const queue = new RequestQueue(socket, onAnswered)
  queues.set(socket, queue)
  return queue
}

interface QueuedRequest {
  readonly answer: ServerResponse
  readonly begin: () => void
}

/** Queue of one connection's requests. */
class RequestQueue {
  readonly #socket: Socket
  readonly #waiting: QueuedRequest[] = []
  readonly #onClose = (): void => this.#next()
  readonly #onAnswered: (socket: Socket) => void
  #answer: ServerResponse | undefined

  /** @param onAnswered called when an answer is out, before the next request begins */
  constructor(socket: Socket, onAnswered: (socket: Socket) => void) {
    this.#socket = socket
    this.#onAnswered = onAnswered
  }

  /** Answer under way. */
  get answer(): ServerResponse | undefined {
    return this.#answer
  }

  enter(answer: ServerResponse, begin: () => void): void {
    if (this.#answer === undefined) {
      this.#watch(answer)
      this.#begin(begin)
      return
    }
    this.#waiting.push({ answer, begin })
    // Nothing more is read meanwhile, or else one connection could have any number of requests wait.
    this.#socket.pause()
  }

  #watch(answer: ServerResponse): void {
    this.#answer = answer
    answer.on('close', this.#onClose)
  }

  /** Requests behind the last answer of a connection are not carried out: RFC 9112, section 9.6. */
  #begin(begin: () => void): void {
    if (this.#socket.writable) begin()
  }

  #next(): void {
    this.#answer = undefined
    this.#onAnswered(this.#socket)
    if (!this.#socket.writable) this.#waiting.length = 0
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#watch(next.answer)
    if (this.#waiting.length === 0) this.#socket.resume()
    // Other listeners to the end of the answer before run first.
    process.nextTick(() => this.#begin(next.begin))
  }
}
