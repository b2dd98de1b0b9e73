/** Lets a few tasks run at a time, and some wait for their turn. */
export class BoundedWork {
  readonly #most: { readonly running: number; readonly waiting: number }
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(most: { running: number; waiting: number }) {
    this.#most = most
  }

  /** Whether a task would be neither run nor kept waiting. */
  get isFull(): boolean {
    return this.#running >= this.#most.running && this.#waiting.length >= this.#most.waiting
  }

  /** Runs a task when it is its turn. Ask {@link isFull} before. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#most.running) this.#running += 1
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      // A place is handed on rather than freed, so nobody can come in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
