import { LRUCache } from 'lru-cache'

/** Milliseconds for which a found value is believed. Another node that deletes it can tell nobody. */
const minute = 60_000

/** Milliseconds for which it is kept, for those who believe it for longer. */
const keptFor = 10 * minute

export interface LookupCacheOptions<Value> {
  /** The most values that are kept; 0 keeps none. */
  readonly entries: number
  /** Where values differ in size, how much room one takes, and the most room for all, in bytes. */
  readonly room?: { readonly bytes: number; readonly of: (value: Value) => number }
  /** Tells the time, in milliseconds. Default: the one that never goes back. */
  readonly clock?: { now(): number }
}

/** What was found in the storage and may be told without asking it again. What was not found is looked up every time. */
export class LookupCache<Value extends object> {
  readonly #found: LRUCache<string, Value> | undefined
  readonly #underWay = new Map<string, Promise<Value | undefined>>()

  constructor({ entries, room, clock = performance }: LookupCacheOptions<Value>) {
    if (entries === 0) return
    this.#found = new LRUCache<string, Value>({
      max: entries,
      ttl: keptFor,
      ttlResolution: 0,
      perf: clock,
      ...(room && { maxSize: room.bytes, sizeCalculation: room.of }),
    })
  }

  /**
   * The value for a key, at once when it is known, and else as it is looked up. Those who ask at the same time share one lookup.
   *
   * @param believedFor milliseconds for which what was found is believed, ten minutes at most. Default: one minute.
   */
  get(
    key: string,
    lookUp: () => Promise<Value | undefined>,
    believedFor: number = minute,
  ): Value | Promise<Value | undefined> {
    return this.#believed(key, believedFor) ?? this.#underWay.get(key) ?? this.#start(key, lookUp)
  }

  /**
   * What the storage says of a key now, whatever is remembered. When it has nothing the value is forgotten, so that a client
   * that is refused for want of it is not told next that it is there.
   */
  async ask<Found>(key: string, lookUp: () => Promise<Found | undefined>): Promise<Found | undefined> {
    const found = await lookUp()
    if (found === undefined) this.delete(key)
    return found
  }

  set(key: string, value: Value): void {
    this.#found?.set(key, value)
  }

  /** Forgets a value once it is deleted. A lookup that began before has an answer for those who wait, and no one else. */
  delete(key: string): void {
    this.#found?.delete(key)
    this.#underWay.delete(key)
  }

  #believed(key: string, believedFor: number): Value | undefined {
    const found = this.#found
    if (found === undefined) return undefined
    const value = found.get(key)
    if (value === undefined || believedFor >= keptFor) return value
    return keptFor - found.getRemainingTTL(key) <= believedFor ? value : undefined
  }

  async #start(key: string, lookUp: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const lookup = lookUp()
    this.#underWay.set(key, lookup)
    try {
      const value = await lookup
      if (value && this.#underWay.get(key) === lookup) this.set(key, value)
      return value
    } finally {
      if (this.#underWay.get(key) === lookup) this.#underWay.delete(key)
    }
  }
}
