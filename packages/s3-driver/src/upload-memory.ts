/** A piece of the budget, with the memory it stands for. */
export interface Lease {
  readonly bytes: Buffer
  /**
   * Gives the memory back. It is used again for another part unless `reuse` is false: then a request that was cut off may
   * still be reading it.
   */
  release(options?: { reuse: boolean }): void
}

interface Waiter {
  readonly size: number
  grant(lease: Lease): void
}

/**
 * The memory of all uploads of a process together. Requests are granted in the order in which they came, so no upload
 * starves another. One that is larger than the whole budget is granted when nothing else is out.
 */
export class UploadMemory {
  #limit: number
  #used = 0
  readonly #waiting: Waiter[] = []
  /** Buffers to use again. Fresh ones cost a page fault for every 4 KiB. */
  readonly #free: Buffer[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that are out at the moment. */
  get used(): number {
    return this.#used
  }

  raiseTo(limit: number): void {
    this.#limit = Math.max(this.#limit, limit)
    this.#grantWaiting()
  }

  /** Waits for a buffer of `size` bytes, unless `signal` fires first. */
  acquire(size: number, signal: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const waiter: Waiter = {
        size,
        grant: lease => {
          signal.removeEventListener('abort', giveUp)
          resolve(lease)
        },
      }
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        this.#grantWaiting()
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(waiter)
      this.#grantWaiting()
    })
  }

  #grantWaiting(): void {
    for (;;) {
      const next = this.#waiting[0]
      if (!next || (this.#used > 0 && this.#used + next.size > this.#limit)) return
      this.#waiting.shift()
      next.grant(this.#lease(next.size))
    }
  }

  #lease(size: number): Lease {
    const index = this.#free.findIndex(buffer => buffer.length === size)
    const [kept] = index < 0 ? [] : this.#free.splice(index, 1)
    this.#used += size
    this.#shrinkFree()
    const bytes = kept ?? Buffer.allocUnsafeSlow(size)
    let isOut = true
    return {
      bytes,
      release: ({ reuse } = { reuse: true }) => {
        if (!isOut) return
        isOut = false
        this.#used -= size
        if (reuse) this.#free.push(bytes)
        // Nothing is uploaded any more: what was kept goes back to the system.
        if (this.#used === 0 && this.#waiting.length === 0) this.#free.length = 0
        this.#grantWaiting()
      },
    }
  }

  /** Parts of other sizes are wanted now: what is kept counts too. */
  #shrinkFree(): void {
    let kept = this.#free.reduce((sum, buffer) => sum + buffer.length, 0)
    while (kept > 0 && this.#used + kept > this.#limit) kept -= this.#free.shift()?.length ?? kept
  }
}

let shared: UploadMemory | undefined

/** The process-wide budget. Drivers that ask for different limits share the largest. */
export function sharedUploadMemory(limit: number): UploadMemory {
  shared ??= new UploadMemory(limit)
  shared.raiseTo(limit)
  return shared
}
