import type { Refusal } from './authenticator.ts'

/** Time in which one line tells of all refusals of a kind: a client that is wrong tries again and again. */
const INTERVAL_MS = 60_000

/** Refusals of a kind since its last line. */
interface Told {
  readonly atMs: number
  unsaid: number
}

/** Creates a log of why clients are refused: the first of each kind, and then one a minute. */
export function createRefusalLog(
  log: (message: string) => void,
  clock: { now(): number } = performance,
): (refusal: Refusal) => void {
  const kinds = new Map<string, Told>()
  return ({ kind, reason }) => {
    const told = kinds.get(kind)
    if (told && clock.now() - told.atMs < INTERVAL_MS) {
      told.unsaid += 1
      return
    }
    const others = told && told.unsaid > 0 ? `; ${told.unsaid} more for such a reason since the last time` : ''
    kinds.set(kind, { atMs: clock.now(), unsaid: 0 })
    log(`refused a client: ${reason}${others}`)
  }
}
