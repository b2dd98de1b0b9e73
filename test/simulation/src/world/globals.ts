import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

// What `import` gives of Node's own modules follows these objects.
const require = createRequire(import.meta.url)
const crypto = require('node:crypto') as { randomUUID: unknown; randomBytes: unknown }
const timers = require('node:timers/promises') as { setTimeout: unknown }

const RealDate = Date

/** Gives the program `clock` for the time and `random` for everything random; gives a function that takes this back. */
export function replaceGlobals(clock: Clock, random: Random): () => void {
  class VirtualDate extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(clock.now)
      else super(...(given as [number]))
    }

    static override now(): number {
      return clock.now
    }
  }
  const start = clock.now
  return replaceAll([
    [globalThis, 'Date', VirtualDate],
    [
      globalThis,
      'setTimeout',
      (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => timeout(clock, () => run(...args), ms),
    ],
    [globalThis, 'clearTimeout', (handle?: Timeout) => handle?.cancel()],
    [Math, 'random', () => random.next()],
    [performance, 'now', () => clock.now - start],
    [crypto, 'randomUUID', () => random.uuid()],
    [crypto, 'randomBytes', (size: number) => random.bytes(size)],
    [
      timers,
      'setTimeout',
      (ms: number, value: unknown, options?: { signal?: AbortSignal }) => sleep(clock, ms, value, options),
    ],
  ])
}

interface Timeout {
  cancel(): void
}

/** The part of Node's timers that programs use. */
function timeout(clock: Clock, run: () => void, milliseconds: number): Timeout {
  const handle = {
    cancel: clock.after(milliseconds, run),
    ref: () => handle,
    unref: () => handle,
    hasRef: () => true,
    refresh() {
      handle.cancel()
      handle.cancel = clock.after(milliseconds, run)
      return handle
    },
  }
  return handle
}

function sleep(
  clock: Clock,
  milliseconds: number,
  value: unknown,
  { signal }: { signal?: AbortSignal } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const cancel = clock.after(milliseconds, () => resolve(value))
    signal?.addEventListener('abort', () => {
      cancel()
      reject(signal.reason)
    })
  })
}

function replaceAll(replacements: [object: object, name: string, value: unknown][]): () => void {
  const undo = replacements.map(([object, name, value]) => {
    const before = Object.getOwnPropertyDescriptor(object, name)
    Object.defineProperty(object, name, { value, configurable: true, writable: true })
    return () => {
      if (before) Object.defineProperty(object, name, before)
      else Reflect.deleteProperty(object, name)
    }
  })
  syncBuiltinESMExports()
  return () => {
    for (const restore of undo) restore()
    syncBuiltinESMExports()
  }
}
