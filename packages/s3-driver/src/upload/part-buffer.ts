import { StorageError } from '@longshore/middleware-core'
import type { Evictable, MemoryBudget, Reservation } from './memory-budget.ts'

/** Bytes up to which an upload takes no part in the budget: a registry's manifests must not wait behind its layers. */
const MAX_SMALL_SIZE = 64 * 1024

/** Bytes that were stored, so that their memory could be given back. */
export interface StoredBytes {
  readonly length: number
  open(): Promise<Iterable<Uint8Array> | AsyncIterable<Uint8Array>>
}

/** Stores all of a buffer's bytes where they can be read again. */
export type SaveBytes = (bytes: Uint8Array) => Promise<StoredBytes>

/**
 * The part that is being filled. Bytes are copied into one block of memory: small chunks sent as they come would cost a
 * signature and a system call each, and a part must be at hand whole to be sent again.
 *
 * Its memory is part of a budget. While the buffer is not pinned, it may be evicted: its bytes are saved, and its memory goes
 * to others until the bytes are needed again. A few more bytes do not need them: those are kept as any small upload's are, so
 * that a client who sends little at a time does not have a whole part fetched and stored again each time.
 */
export class PartBuffer implements Evictable {
  readonly capacity: number
  readonly #memory: MemoryBudget
  readonly #save: SaveBytes
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #reservation: Reservation | undefined
  #isPinned = false
  /** A request that was cut off may still read the memory. */
  #mayStillBeRead = false
  /** Copy of all that the buffer holds. */
  #stored: StoredBytes | undefined
  /** Copy of the buffer's first bytes, which are in memory no more; what came since is. */
  #evicted: StoredBytes | undefined
  #eviction: Promise<void> | undefined

  constructor(capacity: number, memory: MemoryBudget, save: SaveBytes) {
    this.capacity = capacity
    this.#memory = memory
    this.#save = save
  }

  get length(): number {
    return (this.#evicted?.length ?? 0) + this.#length
  }

  get isFull(): boolean {
    return this.length === this.capacity
  }

  get isStored(): boolean {
    return this.#stored !== undefined
  }

  /** Bytes written so far. Valid while it is pinned, after {@link restore} and until {@link free}. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Keeps the memory from being taken away. An eviction that has begun goes on: see {@link restore}. */
  pin(): void {
    this.#isPinned = true
    this.#memory.withdraw(this)
  }

  unpin(): void {
    this.#isPinned = false
    if (this.#reservation) this.#memory.offer(this)
  }

  /** Copies as much of the chunk as there is memory for now, and returns how much that was. */
  take(chunk: Uint8Array): number {
    const taken = this.#eviction ? 0 : this.#copy(chunk)
    if (taken > 0) this.#stored = undefined
    return taken
  }

  /** Waits for the memory of a whole part. */
  async reserve(signal: AbortSignal): Promise<void> {
    if (this.#reservation) return
    const reservation = await this.#memory.acquire(this.capacity, signal)
    reservation.bytes.set(this.bytes)
    this.#bytes = reservation.bytes
    this.#reservation = reservation
  }

  /** Waits until all bytes are in memory: again, where they were evicted. */
  async restore(signal: AbortSignal): Promise<void> {
    await this.#eviction
    const evicted = this.#evicted
    if (!evicted) return
    const recent = this.bytes
    const length = evicted.length + recent.length
    this.#evicted = undefined
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    try {
      if (length > MAX_SMALL_SIZE) await this.reserve(signal)
      for await (const chunk of await evicted.open()) this.#copy(chunk)
      if (this.#length !== evicted.length) {
        throw new StorageError('UNKNOWN', `of ${evicted.length} stored bytes of an upload ${this.#length} came back`)
      }
      this.#copy(recent)
    } catch (error) {
      this.free({ reuse: false })
      this.#evicted = evicted
      this.#bytes = recent
      this.#length = recent.length
      throw error
    }
  }

  /** Notes that all bytes are stored there, until more are written. */
  markStored(stored: StoredBytes): void {
    this.#stored = stored
  }

  evict(): Promise<void> {
    this.#eviction = this.#evict().finally(() => {
      this.#eviction = undefined
    })
    return this.#eviction
  }

  /** Waits until no eviction is under way. */
  async settle(): Promise<void> {
    await this.#eviction
  }

  /** Has the bytes stored in one piece after a header. That is put before them in their own memory, if there is room. */
  async withHeader<T>(header: Uint8Array, store: (content: Uint8Array) => Promise<T>): Promise<T> {
    const end = header.length + this.#length
    if (end > this.#bytes.length) return store(Buffer.concat([header, this.bytes]))
    this.#bytes.copyWithin(header.length, 0, this.#length)
    this.#bytes.set(header)
    try {
      const stored = await store(this.#bytes.subarray(0, end))
      this.#bytes.copyWithin(0, header.length, end)
      return stored
    } catch (error) {
      this.#mayStillBeRead = true
      const intact = Buffer.allocUnsafeSlow(this.#bytes.length)
      this.#bytes.copy(intact, 0, header.length, end)
      this.#bytes = intact
      throw error
    }
  }

  /** Gives the memory back. What was stored can be restored; everything else is gone. */
  free(options?: { reuse: boolean }): void {
    this.#memory.withdraw(this)
    this.#reservation?.release(this.#mayStillBeRead ? { reuse: false } : options)
    this.#reservation = undefined
    this.#mayStillBeRead = false
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    if (this.#stored) this.#evicted = this.#stored.length === 0 ? undefined : this.#stored
  }

  async #evict(): Promise<void> {
    try {
      this.#stored ??= await this.#save(this.bytes)
      this.free()
    } catch {
      // The bytes are still here, for a request that was cut off, too. Another holder may have more luck.
      this.#mayStillBeRead = true
      if (!this.#isPinned) this.#memory.offer(this)
    }
  }

  #copy(chunk: Uint8Array): number {
    const wanted = Math.min(chunk.length, this.capacity - this.length)
    if (this.#length + wanted > this.#bytes.length && this.#length + wanted <= MAX_SMALL_SIZE) {
      this.#growSmall(this.#length + wanted)
    }
    const taken = Math.min(wanted, this.#bytes.length - this.#length)
    if (taken > 0) this.#bytes.set(taken === chunk.length ? chunk : chunk.subarray(0, taken), this.#length)
    this.#length += taken
    return taken
  }

  #growSmall(atLeast: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(MAX_SMALL_SIZE, Math.max(atLeast, 2 * this.#bytes.length, 1024)))
    grown.set(this.bytes)
    this.#bytes = grown
  }
}
