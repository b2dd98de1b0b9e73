import { type CallOptions, onAbort } from '@longshore/middleware-core'

/** Milliseconds that nobody must have read from a body before its connection goes to another reader. */
const IDLE_TIMEOUT_MS = 1000

/** A reader with an open body. */
export interface BodyHolder {
  /** Time since which nobody has read, by `performance.now()`; undefined while somebody does, or where it cannot be suspended. */
  readonly idleSince: number | undefined
  /** Ends the connection and gives the slot back; the reader opens another when it is read again. */
  suspend(): void
}

/**
 * Connections that bodies of objects may hold. A body that nobody reads keeps its connection, and a client has so many: readers that
 * are opened and left alone would stop everything. So bodies have some, never all; and while a reader waits for one, that of the
 * reader which has been idle longest is taken away.
 */
export class BodySlots {
  readonly #limit: number
  #used = 0
  readonly #holders = new Set<BodyHolder>()
  readonly #waiting: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Waits for a slot, unless the signal fires first. */
  acquire({ signal }: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const grant = (): void => {
        stopListening()
        resolve()
      }
      const stopListening = onAbort(signal, () => {
        const index = this.#waiting.indexOf(grant)
        if (index >= 0) this.#waiting.splice(index, 1)
        reject(signal?.reason as Error)
      })
      this.#waiting.push(grant)
      this.#grantWaiting()
    })
  }

  release(): void {
    this.#used--
    this.#grantWaiting()
  }

  add(holder: BodyHolder): void {
    this.#holders.add(holder)
  }

  remove(holder: BodyHolder): void {
    this.#holders.delete(holder)
  }

  #grantWaiting(): void {
    while (this.#used < this.#limit) {
      const grant = this.#waiting.shift()
      if (!grant) return
      this.#used++
      grant()
    }
    if (this.#waiting.length > 0 && !this.#timer) this.#timer = setTimeout(() => this.#suspendIdle(), this.#untilIdle())
  }

  #suspendIdle(): void {
    this.#timer = undefined
    const longest = this.#longestIdle()
    if (this.#waiting.length > 0 && longest && this.#untilIdle() <= 0) longest.suspend()
    this.#grantWaiting()
  }

  /** Milliseconds until the reader that is idle longest may be suspended; who begins to be idle meanwhile comes after that. */
  #untilIdle(): number {
    const since = this.#longestIdle()?.idleSince ?? performance.now()
    return Math.max(0, since + IDLE_TIMEOUT_MS - performance.now())
  }

  #longestIdle(): BodyHolder | undefined {
    let longest: BodyHolder | undefined
    for (const holder of this.#holders) {
      if ((holder.idleSince ?? Infinity) < (longest?.idleSince ?? Infinity)) longest = holder
    }
    return longest
  }
}
