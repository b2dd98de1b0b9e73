import { describe, expect, it } from '@jest/globals'
import { expiryAt } from './expiry.ts'

const midnight = Date.UTC(2030, 0, 1)

/** Seconds from now to the expiry, at moments that fall anywhere in a window. */
function secondsLeft(moments: number, expiryOf: (now: number) => number): number[] {
  return Array.from({ length: moments }, (_, step) => midnight + step * 997).map(now => expiryOf(now) - now / 1000)
}

describe('expiry', () => {
  it.each([0, 1])('is exact to the second with a window of %s', windowSeconds => {
    expect(expiryAt(midnight + 999, { durationSeconds: 1200, windowSeconds })).toBe(midnight / 1000 + 1200)
    expect(expiryAt(midnight + 1000, { durationSeconds: 1200, windowSeconds })).toBe(midnight / 1000 + 1201)
  })

  it('is the same from one edge of a window to the millisecond before the next', () => {
    const lifetime = { durationSeconds: 1200, windowSeconds: 300 }
    const first = expiryAt(midnight, lifetime)
    expect(expiryAt(midnight + 299_999, lifetime)).toBe(first)
    expect(expiryAt(midnight + 300_000, lifetime)).toBe(first + 300)
    expect(expiryAt(midnight - 1, lifetime)).toBe(first - 300)
  })

  it.each([
    { durationSeconds: 1200, windowSeconds: 300 },
    { durationSeconds: 1200, windowSeconds: 1 },
    { durationSeconds: 1200, windowSeconds: 1199 },
    { durationSeconds: 61, windowSeconds: 7 },
    { durationSeconds: 1.5, windowSeconds: 1 },
  ])('is never later than $durationSeconds s from now, nor nearer than $windowSeconds s less', lifetime => {
    const left = secondsLeft(5000, now => expiryAt(now, lifetime))
    expect(Math.max(...left)).toBeLessThanOrEqual(lifetime.durationSeconds)
    expect(Math.min(...left)).toBeGreaterThan(lifetime.durationSeconds - lifetime.windowSeconds)
  })

  it.each([1, 2, 10, 59.5, 300, 1199, 1200, 5000])(
    'keeps to a caller who wants %s s, within the duration',
    expiresIn => {
      const lifetime = { durationSeconds: 1200, windowSeconds: 300 }
      const wanted = Math.min(expiresIn, 1200)
      const left = secondsLeft(1000, now => expiryAt(now, lifetime, expiresIn))
      expect(Math.max(...left)).toBeLessThanOrEqual(wanted)
      expect(Math.min(...left)).toBeGreaterThan(wanted - Math.max(1, wanted / 4))
    },
  )
})
