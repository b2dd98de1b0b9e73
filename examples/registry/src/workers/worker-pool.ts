import { randomBytes } from 'node:crypto'
import type { Address, SocketAddress } from '../config/address.ts'
import type { HealthReport } from '../observability/health.ts'
import type { MetricsSnapshot } from '../observability/metrics.ts'
import type { RegistryLog } from '../observability/registry-log.ts'
import { listen } from '../server/listen.ts'
import type { RunningRegistry } from '../start-registry.ts'
import type { CacheEntry } from '../storage/cache/cache-peers.ts'
import { Acceptor } from './acceptor.ts'
import type { Assignment } from './messages.ts'
import { RestartDelay } from './restart-delay.ts'
import { WorkerProcess } from './worker-process.ts'

/** Task that all workers run. */
export type Task = Omit<Assignment, 'name' | 'secret'>

/**
 * Runs a registry in `count` processes that share its address. One that ends is replaced; when one cannot even start at the
 * beginning, all are ended, and the error says why.
 */
export async function runWorkers(
  count: number,
  task: Task,
  { address, log }: { address: Address | SocketAddress; log: RegistryLog },
): Promise<RunningRegistry> {
  const pool = new WorkerPool(count, { ...task, secret: randomBytes(32).toString('base64url') }, log)
  try {
    await pool.start(address)
    return pool
  } catch (error) {
    await pool.kill()
    throw error
  }
}

class WorkerPool implements RunningRegistry {
  authority = ''
  warnings: readonly string[] = []
  readonly #assignment: Omit<Assignment, 'name'>
  readonly #log: RegistryLog
  readonly #acceptor: Acceptor
  /** Running workers, by their names. */
  readonly #workers = new Map<string, WorkerProcess>()
  readonly #replacements = new Set<NodeJS.Timeout>()
  readonly #names: readonly string[]
  /** Requests of workers that have ended. */
  #requests = 0
  #stopping: Promise<void> | undefined

  constructor(count: number, assignment: Omit<Assignment, 'name'>, log: RegistryLog) {
    this.#names = Array.from({ length: count }, (_, index) => String(index + 1))
    this.#assignment = assignment
    this.#log = log
    this.#acceptor = new Acceptor(error => log.error(`Cannot accept a connection: ${error.message}`))
  }

  get requests(): number {
    return this.#requests
  }

  /** Listens when all workers are ready, so that the first connection does not wait. */
  async start(address: Address | SocketAddress): Promise<void> {
    const workers = this.#names.map(name => this.#add(name))
    const [first] = await Promise.all(workers.map(worker => worker.ready))
    this.warnings = first?.warnings ?? []
    workers.forEach((worker, index) => this.#keep(this.#names[index] ?? '', worker, new RestartDelay()))
    this.authority = await listen(this.#acceptor, address)
  }

  /** Asks all workers; bad if one is. */
  async health(): Promise<HealthReport> {
    if (this.#stopping) return { healthy: false, reason: 'shutting down' }
    const reports = await Promise.all(this.#ready().map(worker => worker.ask('health')))
    if (reports.length === 0) return { healthy: false, reason: 'no worker is running' }
    const bad = { healthy: false, reason: 'a worker does not answer' }
    return reports.map(report => report ?? bad).find(({ healthy }) => !healthy) ?? { healthy: true }
  }

  async metrics(): Promise<readonly MetricsSnapshot[]> {
    const snapshots = await Promise.all(this.#ready().map(worker => worker.ask('metrics')))
    return snapshots.flatMap(snapshot => snapshot ?? [])
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#end(worker => worker.stop())
    return this.#stopping
  }

  async kill(): Promise<void> {
    this.#stopping ??= this.#end(worker => worker.kill())
    await this.#stopping
  }

  #add(name: string): WorkerProcess {
    const worker = new WorkerProcess({ ...this.#assignment, name }, entry => this.#forget(entry, name))
    this.#workers.set(name, worker)
    void worker.ready.then(
      () => this.#acceptor.add(worker),
      () => {},
    )
    void worker.ended.then(() => {
      this.#workers.delete(name)
      this.#requests += worker.requests
    })
    return worker
  }

  /** Replaces a worker when it ends, and the one that replaces it. */
  #keep(name: string, worker: WorkerProcess, delay: RestartDelay): void {
    void worker.ended.then(how => {
      if (this.#stopping) return
      const delayMs = delay.after(performance.now() - worker.startedAt)
      this.#log.error(`Worker ${name} ended with ${how}; it is replaced in ${delayMs / 1000} s`)
      worker.ready.catch((error: Error) => this.#log.error(error.message))
      const timer = setTimeout(() => {
        this.#replacements.delete(timer)
        this.#keep(name, this.#add(name), delay)
      }, delayMs)
      this.#replacements.add(timer)
    })
  }

  /** Has all workers but one forget what that one deleted. Gives the names of those that do not answer. */
  async #forget(entry: CacheEntry, deleter: string): Promise<string[]> {
    const others = [...this.#workers].filter(([name, { isHere }]) => name !== deleter && isHere)
    const answers = await Promise.all(others.map(async ([name, worker]) => ({ name, ok: await worker.forget(entry) })))
    return answers.filter(({ ok }) => !ok).map(({ name }) => name)
  }

  #ready(): WorkerProcess[] {
    return [...this.#workers.values()].filter(({ isReady }) => isReady)
  }

  async #end(end: (worker: WorkerProcess) => void): Promise<void> {
    // Before the workers hear of it: connections that they have been given arrive first.
    this.#acceptor.close()
    for (const timer of this.#replacements) clearTimeout(timer)
    const workers = [...this.#workers.values()]
    workers.forEach(end)
    await Promise.all(workers.map(({ ended }) => ended))
  }
}
