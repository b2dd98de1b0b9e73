/** Limits of the time before a process that ended is replaced. */
const first = 100
const longest = 10_000

/** Time after which a process that ended did not end because it cannot run. */
const STABLE_AFTER_MS = 60_000

/** Delay before a process that ended is replaced; each is twice the one before. */
export class RestartDelay {
  #next = first

  after(lifetime: number): number {
    const delay = lifetime >= STABLE_AFTER_MS ? first : this.#next
    this.#next = Math.min(2 * delay, longest)
    return delay
  }
}
