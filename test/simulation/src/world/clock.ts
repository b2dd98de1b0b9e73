/** Moment at which every run begins. */
const START = Date.UTC(2026, 0, 1)

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Time that passes only when the scheduler says so, and the timers that wait for it. */
export class Clock {
  #now = START
  #order = 0
  readonly #timers = new Set<Timer>()

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }

  /** Calls `run` once, `milliseconds` from now or later; gives a function that takes this back. */
  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(milliseconds, 0), order: this.#order++, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timer that comes next; undefined where there is none. */
  get next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer
    }
    return next
  }

  fire(timer: Timer): void {
    this.#timers.delete(timer)
    this.#now = Math.max(this.#now, timer.at)
    timer.run()
  }
}
