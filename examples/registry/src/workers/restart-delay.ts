/** Milliseconds before a process that ended is replaced. */
const first = 100
const longest = 10_000

/** A process that has run for as long, in milliseconds, did not end because it cannot run. */
const STABLE_AFTER_MS = 60_000

/** Milliseconds to wait before a process is replaced that ran for `lifetime`; each is twice the one before. */
export class RestartDelay {
  #next = first

  after(lifetime: number): number {
    const delay = lifetime >= STABLE_AFTER_MS ? first : this.#next
    this.#next = Math.min(2 * delay, longest)
    return delay
  }
}
