import { executionAsyncResource } from 'node:async_hooks'

/** Tick that is never let go of. */
let tick: object | undefined

/**
 * Keeps `process.nextTick` as quick as it is at first, a workaround for V8: it forgets the hidden class of Node's tick
 * objects when it collects garbage while there is none, and each tick takes four to five times as long from then on. A
 * request has seven. One tick that is kept prevents it. Measured with Node 20.20; measure again, and remove this, when
 * support for Node 20 ends.
 */
export function keepTickShape(): void {
  process.nextTick(() => (tick ??= executionAsyncResource()))
}
