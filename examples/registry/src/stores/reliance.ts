/**
 * Milliseconds for which a request relies on what it saw in the storage: 30 seconds. When it took longer from its first
 * look to having written what relies on that, it looks again.
 *
 * A collection of garbage takes links away, waits for at least twice as long, and then reads what was stored meanwhile. So
 * it finds whatever relies on a link that it took; and what is written too late for that, the second look finds.
 */
export const reliedOnFor = 30_000

/** Tells the time, in milliseconds. */
export interface Clock {
  now(): number
}
