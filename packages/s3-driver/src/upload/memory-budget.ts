import { StorageError, onAbort } from '@longshore/middleware-core'
import { publishMemoryUse } from '../diagnostics.ts'
import { HEADER_ROOM } from '../multipart/parts.ts'

/** A piece of the budget, with the memory it stands for. */
export interface Reservation {
  /** Bytes that count. */
  readonly size: number
  /** Buffer of that size, with room for the header of a checkpoint, which is too little to be counted. */
  readonly bytes: Buffer
  /**
   * Gives the memory back. It is used again for another part unless `reuse` is false: then a request that was cut off may
   * still be reading it.
   */
  release(options?: { reuse: boolean }): void
}

/** A holder of memory that does nothing with it at the moment. */
export interface Evictable {
  /** Stores the bytes elsewhere and gives the memory back, or offers it again when that did not work. Never rejects. */
  evict(): Promise<void>
}

interface Waiter {
  readonly size: number
  /** Takes the memory. Never throws. */
  grant(): void
}

/** Milliseconds that a holder must have been idle before others that wait may have its memory. */
const DEFAULT_IDLE_TIMEOUT_MS = 1000

/**
 * The memory of all uploads of a process together. Requests are granted in the order in which they came, so no upload
 * starves another. One that is larger than the whole budget is granted when nothing else is out.
 *
 * Parts that are being sent give their memory back by themselves. A part that is being filled does so only when its client
 * goes on, so clients that do nothing could keep out all others, and a caller that feeds more uploads in turn than the
 * memory holds would wait for itself. Therefore a part that nobody writes to offers its memory: while another waits, the
 * one that has been idle longest is asked to give its memory back, one at a time.
 */
export class MemoryBudget {
  #limit: number
  readonly #idleTimeoutMs: number
  #used = 0
  readonly #waiting: Waiter[] = []
  /** Buffers to use again. Fresh ones cost a page fault for every 4 KiB. */
  readonly #free: Buffer[] = []

  /** Holders that offer memory, since when (`performance.now()`), longest first. */
  readonly #idle = new Map<Evictable, number>()
  #eviction: NodeJS.Timeout | Promise<void> | undefined

  constructor(limit: number, idleTimeoutMs: number = DEFAULT_IDLE_TIMEOUT_MS) {
    this.#limit = limit
    this.#idleTimeoutMs = idleTimeoutMs
  }

  /** Bytes that are out at the moment. */
  get used(): number {
    return this.#used
  }

  get limit(): number {
    return this.#limit
  }

  raiseTo(limit: number): void {
    this.#limit = Math.max(this.#limit, limit)
    this.#grantWaiting()
  }

  /** Lets the holder be asked to give its memory back. */
  offer(holder: Evictable): void {
    this.#idle.delete(holder)
    this.#idle.set(holder, performance.now())
    this.#evictIdle()
  }

  /** Ends an offer: the holder is at work with its memory, or has none any more. */
  withdraw(holder: Evictable): void {
    this.#idle.delete(holder)
  }

  /** Waits for a buffer of `size` bytes, unless `signal` fires first. `UNAVAILABLE` where Node has no such buffer. */
  acquire(size: number, signal: AbortSignal): Promise<Reservation> {
    return this.#whenFree(size, signal, () => this.#reserve(size))
  }

  /** Waits until `size` bytes are free, for somebody who allocates them. Gives the function that gives them back. */
  hold(size: number, signal?: AbortSignal): Promise<() => void> {
    return this.#whenFree(size, signal, () => {
      this.#shrinkFree(size)
      return this.#take(size)
    })
  }

  #whenFree<Taken>(size: number, signal: AbortSignal | undefined, take: () => Taken): Promise<Taken> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const waiter: Waiter = {
        size,
        grant: () => {
          stopListening()
          try {
            resolve(take())
          } catch (error) {
            reject(error)
          }
        },
      }
      const stopListening = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        this.#grantWaiting()
        reject(signal?.reason as Error)
      })
      this.#waiting.push(waiter)
      this.#grantWaiting()
    })
  }

  #grantWaiting(): void {
    for (;;) {
      const next = this.#waiting[0]
      if (!next || (this.#used > 0 && this.#used + next.size > this.#limit)) break
      this.#waiting.shift()
      next.grant()
    }
    this.#evictIdle()
  }

  /** Asks the holder that is idle longest for its memory, once it has been for long enough and while anybody waits. */
  #evictIdle(): void {
    const [longest] = this.#idle
    if (this.#eviction || this.#waiting.length === 0 || !longest) return
    const [holder, since] = longest
    const wait = since + this.#idleTimeoutMs - performance.now()
    if (wait > 0) this.#eviction = setTimeout(() => this.#evictNext(), wait)
    else {
      this.#idle.delete(holder)
      this.#eviction = holder.evict().finally(() => this.#evictNext())
    }
  }

  #evictNext(): void {
    this.#eviction = undefined
    this.#evictIdle()
  }

  /** Takes a buffer. It counts once it is allocated, so that a failed allocation takes nothing from others. */
  #reserve(size: number): Reservation {
    const index = this.#free.findIndex(buffer => buffer.length === size + HEADER_ROOM)
    const [kept] = index < 0 ? [] : this.#free.splice(index, 1)
    this.#shrinkFree(size)
    const bytes = kept ?? allocate(size)
    const release = this.#take(size)
    return { size, bytes, release: ({ reuse } = { reuse: true }) => release(reuse ? bytes : undefined) }
  }

  /** Counts bytes until the function that it gives is called. */
  #take(size: number): (kept?: Buffer) => void {
    this.#used += size
    publishMemoryUse(this.#used, this.#limit)
    let isOut = true
    return kept => {
      if (!isOut) return
      isOut = false
      this.#used -= size
      publishMemoryUse(this.#used, this.#limit)
      if (kept) this.#free.push(kept)
      // Nothing is uploaded any more: what was kept goes back to the system.
      if (this.#used === 0 && this.#waiting.length === 0) this.#free.length = 0
      this.#grantWaiting()
    }
  }

  /** Drops kept buffers until they fit beside what is used and `wanted`: parts of other sizes may be wanted now. */
  #shrinkFree(wanted: number): void {
    const sizeOf = (buffer: Buffer): number => buffer.length - HEADER_ROOM
    let kept = this.#free.reduce((sum, buffer) => sum + sizeOf(buffer), 0)
    while (kept > 0 && this.#used + wanted + kept > this.#limit) kept -= sizeOf(this.#free.shift() as Buffer)
  }
}

function allocate(size: number): Buffer {
  try {
    return Buffer.allocUnsafeSlow(size + HEADER_ROOM)
  } catch (cause) {
    const detail = `no memory for a part of ${size} bytes; use a smaller chunksize`
    throw new StorageError('UNAVAILABLE', detail, { retryAfter: 1, cause })
  }
}

let shared: MemoryBudget | undefined

/** The process-wide budget. Drivers that ask for different limits share the largest. */
export function sharedMemoryBudget(limit: number): MemoryBudget {
  shared ??= new MemoryBudget(limit)
  shared.raiseTo(limit)
  return shared
}
