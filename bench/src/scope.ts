/** What was started, to be ended in the opposite order, also when the program is interrupted while it still starts. */
export class Scope implements AsyncDisposable {
  readonly #ends: (() => Promise<unknown>)[] = []
  #isClosed = false

  /** Starts something and keeps it. */
  start<T extends AsyncDisposable>(start: () => Promise<T>): Promise<T> {
    this.#assertOpen()
    const starting = start()
    this.defer(async () => {
      const started = await starting.catch(() => undefined)
      await started?.[Symbol.asyncDispose]()
    })
    return starting
  }

  /** Keeps what is there already. */
  own<T extends AsyncDisposable>(thing: T): T {
    this.defer(async () => thing[Symbol.asyncDispose]())
    return thing
  }

  /** Has something done at the end. */
  defer(end: () => Promise<unknown>): void {
    this.#assertOpen()
    this.#ends.push(end)
  }

  /** Ends everything. What cannot be ended does not keep the rest from it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const errors: unknown[] = []
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) {
      await end().catch((error: unknown) => errors.push(error))
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be ended')
  }

  /** What was interrupted may go on for a moment, and must not leave anything behind. */
  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the figure has ended')
  }
}
