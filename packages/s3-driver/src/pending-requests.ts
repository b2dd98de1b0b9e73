/** Requests that go on while their caller does something else. The first failure is kept for whoever asks next. */
export class PendingRequests {
  readonly #requests = new Set<Promise<void>>()
  #failure: { error: unknown } | undefined

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  track(request: Promise<void>): void {
    const tracked = request
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#requests.delete(tracked))
    this.#requests.add(tracked)
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error
  }

  /** Waits until fewer than `limit` are under way; throws if one has failed. */
  async waitForSlot(limit: number): Promise<void> {
    while (this.#requests.size >= limit) await Promise.race(this.#requests)
    this.throwIfFailed()
  }

  /** Waits until none is under way, those that were added meanwhile included; throws if one has failed. */
  drain(): Promise<void> {
    return this.waitForSlot(1)
  }
}

/**
 * Runs `task` for each item, at most `limit` at a time. The first failure stops new tasks; it is thrown once those under
 * way have ended, so nothing goes on behind the caller's back.
 */
export async function forEachConcurrent<T>(
  limit: number,
  items: Iterable<T>,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const pending = new PendingRequests()
  for (const item of items) {
    pending.track(task(item))
    await pending.waitForSlot(limit).catch(() => {})
    if (pending.hasFailed) break
  }
  await pending.drain()
}
