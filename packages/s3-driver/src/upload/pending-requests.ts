/** Requests that go on while their caller does something else. The first failure is kept for whoever asks next. */
export class PendingRequests {
  readonly #requests = new Set<Promise<void>>()
  #failure: { error: unknown } | undefined

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
