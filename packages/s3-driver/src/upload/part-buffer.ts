import type { Reservation, MemoryBudget } from './memory-budget.ts'

/** Small uploads never take part in the budget: a registry's manifests must not wait behind its layers. */
const smallSize = 64 * 1024

/** Where the bytes of a part in the making lie beside memory, or instead. */
export interface StoredBytes {
  readonly length: number
  open(): Promise<Iterable<Uint8Array> | AsyncIterable<Uint8Array>>
}

/**
 * The part that is being filled. Bytes are copied into one block of memory: small chunks sent as they come would cost a
 * signature and a system call each, and a part must be at hand whole to be sent again.
 */
export class PartBuffer {
  readonly capacity: number
  readonly #memory: MemoryBudget
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #lease: Reservation | undefined
  /** A request that was cut off may still read the lease's memory. */
  #mayStillBeRead = false

  constructor(capacity: number, memory: MemoryBudget) {
    this.capacity = capacity
    this.#memory = memory
  }

  get length(): number {
    return this.#length
  }

  get isFull(): boolean {
    return this.#length === this.capacity
  }

  /** Whether its memory counts against the budget. */
  get isReserved(): boolean {
    return this.#lease !== undefined
  }

  /** What was written so far. Valid until `release`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Copies as much of the chunk as there is memory for now, and returns how much that was. */
  take(chunk: Uint8Array): number {
    const wanted = Math.min(chunk.length, this.capacity - this.#length)
    if (this.#length + wanted > this.#bytes.length && this.#length + wanted <= smallSize)
      this.#growSmall(this.#length + wanted)
    const taken = Math.min(wanted, this.#bytes.length - this.#length)
    if (taken > 0) this.#bytes.set(taken === chunk.length ? chunk : chunk.subarray(0, taken), this.#length)
    this.#length += taken
    return taken
  }

  /** Waits for the memory of a whole part. */
  async reserve(signal: AbortSignal): Promise<void> {
    if (this.#lease) return
    const lease = await this.#memory.acquire(this.capacity, signal)
    lease.bytes.set(this.bytes)
    this.#bytes = lease.bytes
    this.#lease = lease
  }

  /** Has the bytes stored in one piece behind a header. That is put before them in their own memory, if there is room. */
  async withHeader(header: Uint8Array, store: (content: Uint8Array) => Promise<void>): Promise<void> {
    const end = header.length + this.#length
    if (end > this.#bytes.length) return store(Buffer.concat([header, this.bytes]))
    this.#bytes.copyWithin(header.length, 0, this.#length)
    this.#bytes.set(header)
    try {
      await store(this.#bytes.subarray(0, end))
      this.#bytes.copyWithin(0, header.length, end)
    } catch (error) {
      const intact = Buffer.allocUnsafeSlow(this.#bytes.length)
      this.#bytes.copy(intact, 0, header.length, end)
      this.#bytes = intact
      this.#mayStillBeRead = true
      throw error
    }
  }

  /** Takes back bytes that were in it before, from where they are now. That is opened once there is memory for them. */
  async reload({ length, open }: StoredBytes, signal: AbortSignal): Promise<void> {
    if (length > smallSize) await this.reserve(signal)
    try {
      for await (const chunk of await open()) this.take(chunk)
    } catch (error) {
      this.release()
      throw error
    }
  }

  release(options?: { reuse: boolean }): void {
    this.#lease?.release(this.#mayStillBeRead ? { reuse: false } : options)
    this.#lease = undefined
    this.#mayStillBeRead = false
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
  }

  #growSmall(atLeast: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(smallSize, Math.max(atLeast, 2 * this.#bytes.length, 1024)))
    grown.set(this.bytes)
    this.#bytes = grown
  }
}
