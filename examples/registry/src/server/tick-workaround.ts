import { executionAsyncResource } from 'node:async_hooks'

/** Keeps the hidden class of ticks alive, for the life of the process. */
let tick: object | undefined

/**
 * Keeps `process.nextTick` as quick as it is at first. V8 forgets the hidden class of the objects that Node makes of ticks
 * when it collects garbage at a moment without any tick, and takes four to five times as long for each one from then on, of
 * which a request has seven: measured with Node 20.20. One tick that is never let go of prevents it.
 */
export function keepTickShape(): void {
  process.nextTick(() => (tick ??= executionAsyncResource()))
}
