import cluster, { type Worker } from 'node:cluster'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { WorkerStartError } from '../server/startup-error.ts'
import type { CacheEntry } from '../storage/cache/cache-peers.ts'
import type { ConnectionServer } from './acceptor.ts'
import {
  ANSWER_TIMEOUT_MS,
  type Assignment,
  type Questions,
  type Ready,
  type ToParent,
  type ToWorker,
} from './messages.ts'

/** Worker, as its parent sees it. */
export class WorkerProcess implements ConnectionServer {
  /** Reason of its end: `SIGKILL`, or `status 1`. */
  readonly ended: Promise<string>
  /** Resolves once it takes connections; rejects with a {@link WorkerStartError} when it ends before. */
  readonly ready: Promise<Ready>
  /** Requests that it had; known once it has stopped. */
  requests = 0
  isReady = false
  /** True once it takes messages. What it caches it has looked up later. */
  isHere = false
  readonly startedAt = performance.now()
  readonly #worker: Worker
  readonly #here: Promise<void>
  #isStopping = false
  readonly #answers = new Map<number, (answer: unknown) => void>()
  #lastId = 0

  /** @param forgetElsewhere has the other workers forget what this one deleted; gives the names of those that do not answer */
  constructor(assignment: Assignment, forgetElsewhere: (entry: CacheEntry) => Promise<readonly string[]>) {
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)), args: [] })
    this.#worker = cluster.fork()
    // What is sent to a process that is about to end is lost, and its end says so.
    this.#worker.on('error', () => {})
    this.ended = this.#end()
    this.#here = new Promise(resolve =>
      this.#onMessage(({ kind }) => {
        if (kind !== 'here') return
        this.isHere = true
        resolve()
      }),
    )
    this.ready = this.#start()
    // Whoever does not care for the start learns of it from the end.
    this.ready.catch(() => {})
    this.#onMessage(message => this.#handle(message))
    this.#onMessage(async message => {
      if (message.kind !== 'forget') return
      this.#tell({ kind: 'forgotten', id: message.id, silent: await forgetElsewhere(message.entry) })
    })
    this.#tell({ kind: 'run', assignment })
  }

  /** Asks a question; undefined when it does not answer in time. */
  async ask<About extends keyof Questions>(about: About): Promise<Questions[About] | undefined> {
    return (await this.#request(id => ({ kind: 'question', id, about }))) as Questions[About] | undefined
  }

  /** Has it forget what another worker deleted. False when it does not answer in time; one that ended has forgotten all. */
  async forget(entry: CacheEntry): Promise<boolean> {
    const answer = await this.#request(id => ({ kind: 'forget', id, entry }))
    return answer !== undefined || !this.#worker.isConnected()
  }

  get takesConnections(): boolean {
    return this.isReady && !this.#isStopping && this.#worker.isConnected()
  }

  /**
   * Hands a connection over. Resolves when the worker has it; or when it cannot have it, without a file descriptor or at its
   * end: then the connection is closed.
   */
  take(socket: Socket): Promise<void> {
    return new Promise(resolve => {
      const settle = (): void => {
        this.#worker.off('exit', settle)
        socket.destroy()
        resolve()
      }
      this.#worker.once('exit', settle)
      // Closed here and not by Node, which never closes one that a worker had not confirmed at its end.
      this.#worker.send({ kind: 'connection' }, socket, { keepOpen: true }, () => {})
      // Node sends it when the worker has confirmed the connection, or that it got none.
      this.#worker.send({ kind: 'arrived' }, error => (error ? setImmediate(settle) : settle()))
    })
  }

  /** Lets its requests end, and then ends it. */
  stop(): void {
    this.#isStopping = true
    this.#tell({ kind: 'stop' })
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  /** Waits for its exit and for the end of its channel: its last message may arrive after the exit. */
  async #end(): Promise<string> {
    const how = await new Promise<string>(resolve => {
      // No "disconnect" comes while a connection was being handed over.
      this.#worker.process.once('close', (status, signal) => resolve(signal ?? `status ${status}`))
    })
    for (const settle of this.#answers.values()) settle(undefined)
    return how
  }

  #start(): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#onMessage(message => {
        if (message.kind === 'failed') reject(new WorkerStartError(message.message))
        if (message.kind !== 'ready') return
        this.isReady = true
        resolve(message)
      })
      void this.ended.then(how => reject(new WorkerStartError(`A worker ended with ${how} before it was ready`)))
    })
  }

  /** Sends a message that is answered with its id; undefined when it is not answered in time. */
  #request(message: (id: number) => ToWorker): Promise<unknown> {
    const id = (this.#lastId += 1)
    return new Promise(resolve => {
      const settle = (answer: unknown): void => {
        clearTimeout(timer)
        this.#answers.delete(id)
        resolve(answer)
      }
      const timer = setTimeout(() => settle(undefined), ANSWER_TIMEOUT_MS)
      this.#answers.set(id, settle)
      this.#tell(message(id))
    })
  }

  #handle(message: ToParent): void {
    if (message.kind === 'answer') this.#answers.get(message.id)?.(message.answer)
    if (message.kind === 'leaving') this.stop()
    if (message.kind === 'stopped') this.requests = message.requests
  }

  #onMessage(listener: (message: ToParent) => unknown): void {
    this.#worker.on('message', (message: ToParent) => void listener(message))
  }

  #tell(message: ToWorker): void {
    void this.#here.then(() => this.#worker.isConnected() && this.#worker.send(message))
  }
}
