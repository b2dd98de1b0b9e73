import { createCipheriv } from 'node:crypto'

/** A source of numbers from 0 up to, but not including, 1. */
export type Random = () => number

/** The generator known as mulberry32: small, fast, and the same everywhere for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from 0 up to, but not including, `end`. */
export function integerBelow(random: Random, end: number): number {
  return Math.floor(random() * end)
}

/** One of the choices, of which there must be one at least. */
export function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[integerBelow(random, choices.length)] as T
}

/** Bytes without a pattern, so that a lost, doubled or misplaced one shows. The same seed begins with the same bytes. */
export function randomBytes(length: number, seed = length): Buffer {
  const key = Buffer.alloc(16)
  key.writeDoubleLE(seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}
