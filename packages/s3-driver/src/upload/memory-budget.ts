import { announceMemory } from '../diagnostics.ts'

/** What the memory for a part has beyond it, for the header of a record. It is too little to be counted. */
const headerRoom = 16 * 1024

/** A piece of the budget, with the memory it stands for. */
export interface Reservation {
  /** Bytes that count. */
  readonly size: number
  /** That many, and some room. */
  readonly bytes: Buffer
  /**
   * Gives the memory back. It is used again for another part unless `reuse` is false: then a request that was cut off may
   * still be reading it.
   */
  release(options?: { reuse: boolean }): void
}

/** Somebody who holds memory and does nothing with it at the moment. */
export interface Evictable {
  /** Stores the bytes elsewhere and gives the memory back, or offers it again when that did not work. Never rejects. */
  evict(): Promise<void>
}

interface Waiter {
  readonly size: number
  grant(lease: Reservation): void
}

/** Milliseconds that somebody must have been idle before others that wait may have the memory. */
const DEFAULT_IDLE_TIMEOUT_MS = 1000

/**
 * The memory of all uploads of a process together. Requests are granted in the order in which they came, so no upload
 * starves another. One that is larger than the whole budget is granted when nothing else is out.
 *
 * Parts that are being sent give their memory back by themselves. A part that is being filled does so only when its client
 * goes on, so clients that do nothing could keep out all others, and a caller that feeds more uploads in turn than the
 * memory holds would wait for itself. Therefore an upload that nobody writes to offers its memory: while another waits, the
 * one that has been idle longest is asked to give its memory back, one at a time.
 */
export class MemoryBudget {
  #limit: number
  readonly #idleTimeoutMs: number
  #used = 0
  readonly #waiting: Waiter[] = []
  /** Buffers to use again. Fresh ones cost a page fault for every 4 KiB. */
  readonly #free: Buffer[] = []

  /** Who offers memory, since when (`performance.now()`), longest first. */
  readonly #idle = new Map<Evictable, number>()
  #asking: NodeJS.Timeout | Promise<void> | undefined

  constructor(limit: number, idleTimeoutMs: number = DEFAULT_IDLE_TIMEOUT_MS) {
    this.#limit = limit
    this.#idleTimeoutMs = idleTimeoutMs
  }

  /** Bytes that are out at the moment. */
  get used(): number {
    return this.#used
  }

  raiseTo(limit: number): void {
    this.#limit = Math.max(this.#limit, limit)
    this.#grantWaiting()
  }

  /** From now on the holder may be asked to give its memory back. */
  offer(holder: Evictable): void {
    this.#idle.delete(holder)
    this.#idle.set(holder, performance.now())
    this.#askIdle()
  }

  /** The holder is at work with its memory, or has none any more. */
  rollback(holder: Evictable): void {
    this.#idle.delete(holder)
  }

  /** Waits for a buffer of `size` bytes, unless `signal` fires first. */
  acquire(size: number, signal: AbortSignal): Promise<Reservation> {
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
      if (!next || (this.#used > 0 && this.#used + next.size > this.#limit)) break
      this.#waiting.shift()
      next.grant(this.#lease(next.size))
    }
    this.#askIdle()
  }

  /** While anybody waits: asks whoever is idle longest, once that has been for long enough. */
  #askIdle(): void {
    const [longest] = this.#idle
    if (this.#asking || this.#waiting.length === 0 || !longest) return
    const [holder, since] = longest
    const wait = since + this.#idleTimeoutMs - performance.now()
    if (wait > 0) this.#asking = setTimeout(() => this.#asked(), wait)
    else {
      this.#idle.delete(holder)
      this.#asking = holder.evict().finally(() => this.#asked())
    }
  }

  #asked(): void {
    this.#asking = undefined
    this.#askIdle()
  }

  #lease(size: number): Reservation {
    const index = this.#free.findIndex(buffer => buffer.length === size + headerRoom)
    const [kept] = index < 0 ? [] : this.#free.splice(index, 1)
    this.#used += size
    announceMemory(this.#used, this.#limit)
    this.#shrinkFree()
    const bytes = kept ?? Buffer.allocUnsafeSlow(size + headerRoom)
    let isOut = true
    return {
      size,
      bytes,
      release: ({ reuse } = { reuse: true }) => {
        if (!isOut) return
        isOut = false
        this.#used -= size
        announceMemory(this.#used, this.#limit)
        if (reuse) this.#free.push(bytes)
        // Nothing is uploaded any more: what was kept goes back to the system.
        if (this.#used === 0 && this.#waiting.length === 0) this.#free.length = 0
        this.#grantWaiting()
      },
    }
  }

  /** Parts of other sizes are wanted now: what is kept counts too. */
  #shrinkFree(): void {
    const sizeOf = (buffer: Buffer): number => buffer.length - headerRoom
    let kept = this.#free.reduce((sum, buffer) => sum + sizeOf(buffer), 0)
    while (kept > 0 && this.#used + kept > this.#limit) kept -= sizeOf(this.#free.shift() as Buffer)
  }
}

let shared: MemoryBudget | undefined

/** The process-wide budget. Drivers that ask for different limits share the largest. */
export function sharedMemoryBudget(limit: number): MemoryBudget {
  shared ??= new MemoryBudget(limit)
  shared.raiseTo(limit)
  return shared
}
