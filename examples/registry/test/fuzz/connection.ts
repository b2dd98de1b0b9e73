import { type Socket, connect } from 'node:net'

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Milliseconds without a byte after which a registry counts as hanging, on a busy machine. */
const patience = 30_000

/** A connection on which anything can be sent. */
export class Connection {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isClosed = false
  #wake = (): void => {}

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.#socket.setNoDelay(true)
    this.#socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    const close = (): void => {
      this.#isClosed = true
      this.#wake()
    }
    this.#socket.on('error', close).on('end', close).on('close', close)
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Says that nothing more will be sent. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** The next answer, or what happens instead. */
  async answer(method: string): Promise<Answer | 'closed' | 'hangs'> {
    for (;;) {
      const answer = this.#take(method)
      if (answer && answer.status >= 200) return answer
      if (answer) continue
      if (this.#isClosed) return 'closed'
      if (!(await this.#more())) return 'hangs'
    }
  }

  /** Whether anything came, or the connection was closed, in time. */
  #more(): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), patience)
      this.#wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }

  #take(method: string): Answer | undefined {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [statusLine = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
    const start = end + 4
    if (this.#received.length < start + length) return undefined
    const body = this.#received.toString('utf8', start, start + length)
    this.#received = this.#received.subarray(start + length)
    return { status: Number(statusLine.split(' ')[1]), headers, body }
  }
}
