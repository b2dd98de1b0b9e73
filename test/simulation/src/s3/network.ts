import { Readable } from 'node:stream'
import type { InProcessAnswer, InProcessS3 } from '@longshore/local-cloud'
import type { Event } from '../world/event.ts'

/** A request of the SDK, as its handler is given it. */
export interface SdkRequest {
  method: string
  hostname: string
  path: string
  query?: Record<string, string | string[] | null>
  headers: Record<string, string>
  body?: Uint8Array | string
}

export interface SdkResponse {
  statusCode: number
  headers: Record<string, string>
  body: Readable
}

/** A request on its way, or its answer. */
interface Message {
  readonly node: string
  readonly label: string
  readonly request: Parameters<InProcessS3['send']>[0]
  /** Present once the server has done what the request asks for. */
  answer?: InProcessAnswer
  /** Absent once nobody waits for the answer. */
  sender?: { resolve(response: SdkResponse): void; reject(error: Error): void } | undefined
}

/** Weight of a fault: one for so many steps that go well. */
const FAULT_WEIGHT = 1 / 12

/**
 * Network between the nodes and S3. Each request that is under way may be the next to arrive, each answer the next to come back, and
 * while there are faults left, any of them may be lost, refused, cut off, or given up by its sender and still arrive later.
 */
export class Network {
  /** Faults that may still happen. */
  faults: number
  readonly #s3: InProcessS3
  readonly #messages = new Set<Message>()
  readonly #disconnected = new Set<string>()

  constructor(s3: InProcessS3, faults: number) {
    this.#s3 = s3
    this.faults = faults
  }

  /** True where none of a node's requests can arrive any more. */
  isQuiet(node: string): boolean {
    return [...this.#messages].every(message => message.node !== node || message.answer !== undefined)
  }

  /** Ends a node: it hears nothing any more and sends nothing. What it has sent is on its way. */
  disconnect(node: string): void {
    this.#disconnected.add(node)
    for (const message of this.#messages) {
      if (message.node !== node) continue
      if (message.answer) this.#messages.delete(message)
      message.sender = undefined
    }
  }

  /** The handler of the SDK's clients. Their user agent tells which node they are of. */
  send(request: SdkRequest, signal?: AbortSignal): Promise<SdkResponse> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError())
      const { method, hostname, path, query = {}, headers, body = '' } = request
      const node = /\bnode-(\w+)/.exec(headers['user-agent'] ?? '')?.[1] ?? '?'
      if (this.#disconnected.has(node)) return
      const search = queryText(query)
      const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
      const message: Message = {
        node,
        label: `${node} ${method} ${decodeURIComponent(path)}${search && `?${search}`}`,
        // A sender may use its buffer for something else once it has given up.
        request: {
          method,
          url: `${path}${search && `?${search}`}`,
          headers: { ...Object.fromEntries(lowerCase), host: hostname },
          body: Buffer.from(body as Uint8Array),
        },
        sender: { resolve, reject },
      }
      this.#messages.add(message)
      signal?.addEventListener('abort', () => this.#giveUp(message, abortError()), { once: true })
    })
  }

  /** Events that may come next, the plainest of the oldest message first. */
  events(): Event[] {
    const messages = [...this.#messages]
    const plain = messages.map(message => (message.answer ? this.#delivery(message) : this.#arrival(message)))
    const faults = this.faults > 0 ? messages.flatMap(message => this.#faultsOf(message)) : []
    return [...plain, ...faults.map(fault => this.#asFault(fault))]
  }

  #arrival(message: Message): Event {
    return {
      label: `arrives   ${message.label}`,
      weight: message.sender ? 1 : 0.2,
      run: async () => {
        message.answer = await this.#s3.send(message.request)
        if (!message.sender) this.#messages.delete(message)
        return message.answer.status
      },
    }
  }

  #delivery(message: Message): Event {
    return {
      label: `answered  ${message.label}`,
      weight: 1,
      run: () => this.#answer(message, message.answer),
    }
  }

  #faultsOf(message: Message): Event[] {
    const { label, answer, sender } = message
    const weight = FAULT_WEIGHT
    const lose = { label: `lost      ${label}`, weight, run: () => this.#lose(message) }
    if (!sender) return [lose]
    if (answer) {
      const cut = {
        label: `cut       ${label}`,
        weight,
        run: () => this.#answer(message, answer, answer.body.length >> 1),
      }
      return answer.body.length > 1 ? [lose, cut] : [lose]
    }
    return [
      lose,
      { label: `busy      ${label}`, weight, run: () => this.#answer(message, SLOW_DOWN) },
      { label: `given up  ${label}`, weight, run: () => this.#giveUp(message, networkError('TimeoutError')) },
    ]
  }

  #asFault({ run, ...event }: Event): Event {
    return {
      ...event,
      run: () => {
        this.faults--
        return run()
      },
    }
  }

  #answer(message: Message, answer = SLOW_DOWN, length?: number): void {
    this.#messages.delete(message)
    const { status, headers, body } = answer
    message.sender?.resolve({ statusCode: status, headers, body: bodyOf(body, length) })
  }

  #lose(message: Message): void {
    this.#messages.delete(message)
    message.sender?.reject(networkError('ECONNRESET'))
  }

  /** Lets a sender stop waiting for a message, which may arrive all the same, now or much later. */
  #giveUp(message: Message, error: Error): void {
    if (message.answer) this.#messages.delete(message)
    message.sender?.reject(error)
    message.sender = undefined
  }
}

const SLOW_DOWN: InProcessAnswer = {
  status: 503,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'),
}

/** Body of an answer. After `length` bytes the connection breaks. */
function bodyOf(bytes: Buffer, length?: number): Readable {
  return new Readable({
    read() {
      if (bytes.length > 0) this.push(bytes.subarray(0, length))
      if (length === undefined) this.push(null)
      else this.destroy(networkError('ECONNRESET'))
    },
  })
}

function networkError(name: string): Error {
  return Object.assign(new Error(name), name.startsWith('E') ? { code: name } : { name })
}

function abortError(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' })
}

function queryText(query: Record<string, string | string[] | null>): string {
  return Object.entries(query)
    .flatMap(([name, values]) => [values].flat().map(value => pairOf(name, value)))
    .join('&')
}

function pairOf(name: string, value: string | null): string {
  return value === null ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
}
