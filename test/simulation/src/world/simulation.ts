import { type InProcessS3 } from '@longshore/local-cloud'
import type { StorageDriver } from '@longshore/middleware-core'
import type { Network } from '../s3/network.ts'
import { createNode } from '../s3/node.ts'
import type { Choices } from './choices.ts'
import type { Clock } from './clock.ts'
import { type Event, Violation } from './event.ts'
import type { Random } from './random.ts'

/** Steps after which a run counts as one that does not end. */
const MAX_STEPS = 5000

/** Weight of a crash: one for so many steps of others. */
const CRASH_WEIGHT = 1 / 30

const nextTurn = setImmediate

/** Parts of a run. */
export interface Parts {
  readonly random: Random
  readonly choices: Choices
  readonly clock: Clock
  readonly network: Network
  readonly s3: InProcessS3
}

/**
 * One run. Between two steps every task runs as far as it gets without an answer or a timer; then a choice decides which one
 * request, answer or timer is next, and the invariants are checked.
 */
export class Simulation {
  /** Number of the step. */
  step = 0
  readonly trace: string[] = []
  /** Decides what the world is like: sizes, options. */
  readonly random: Random
  readonly clock: Clock
  readonly network: Network
  readonly s3: InProcessS3
  readonly #choices: Choices
  readonly #invariants: (() => Promise<void>)[] = []
  readonly #tasks = new Set<string>()
  readonly #mortals = new Map<string, () => void>()
  #failure: { error: unknown } | undefined

  constructor({ random, choices, clock, network, s3 }: Parts) {
    this.random = random
    this.#choices = choices
    this.clock = clock
    this.network = network
    this.s3 = s3
  }

  /** A node with a driver of its own. */
  node(name: string): StorageDriver {
    return createNode(name)
  }

  /** Checks this after every step. */
  invariant(check: () => Promise<void>): void {
    this.#invariants.push(check)
  }

  /** Begins a task. One that fails ends the run with its error. */
  start(name: string, task: () => Promise<void>): void {
    this.#tasks.add(name)
    const end = (): unknown => this.#tasks.delete(name)
    task().then(end, (error: unknown) => {
      this.#failure ??= { error }
    })
  }

  /**
   * Lets a node's task end at any step, with all that the node had in memory. What it sent may still arrive. Gives a promise of
   * the end of the task, whatever the reason.
   */
  startMortal(name: string, task: () => Promise<void>): Promise<void> {
    return new Promise(resolve => {
      this.#mortals.set(name, resolve)
      this.start(name, async () => {
        await task()
        this.#mortals.delete(name)
        resolve()
      })
    })
  }

  #crash(name: string, resolve: () => void): void {
    this.#mortals.delete(name)
    this.#tasks.delete(name)
    this.network.disconnect(name)
    resolve()
  }

  /** Runs until all tasks have ended. */
  settle(): Promise<void> {
    return this.#run(() => this.#tasks.size === 0)
  }

  /** From now on nothing fails any more; runs until no request is on its way, either. */
  async heal(): Promise<void> {
    this.network.faults = 0
    await this.#run(() => this.#tasks.size === 0 && this.network.events().length === 0)
  }

  async #run(isOver: () => boolean): Promise<void> {
    for (;;) {
      await new Promise(resolve => nextTurn(resolve))
      if (this.#failure) throw this.#failure.error
      for (const check of this.#invariants) await check()
      if (isOver()) return
      if (++this.step > MAX_STEPS) throw new Violation(`no end after ${MAX_STEPS} steps; ${this.#waiting}`)
      const events = this.#events()
      if (events.length === 0) throw new Violation(`nothing can happen any more; ${this.#waiting}`)
      const { label, run } = events[this.#choices.choose(events.map(event => event.weight))] as Event
      const status = await run()
      this.trace.push(status === undefined ? label : `${label} -> ${status}`)
    }
  }

  #events(): Event[] {
    const events = this.network.events()
    const crashes = [...this.#mortals].map(([name, resolve]) => ({
      label: `crash of ${name}`,
      weight: CRASH_WEIGHT,
      run: () => this.#crash(name, resolve),
    }))
    const timer = this.clock.next
    if (!timer) return [...events, ...crashes]
    // Timers are slow beside requests, but nothing promises it.
    const weight = events.length === 0 ? 1 : 0.1
    return [...events, { label: 'timer', weight, run: () => this.clock.fire(timer) }, ...crashes]
  }

  get #waiting(): string {
    return `waiting: ${[...this.#tasks].join(', ')}`
  }
}
