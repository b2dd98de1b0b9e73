import { describe, expect, it } from '@jest/globals'
import { expiryAt } from './expiry.ts'

const midnight = Date.UTC(2030, 0, 1)

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
    for (let step = 0; step < 5000; step++) {
      const now = midnight + step * 997
      const left = expiryAt(now, lifetime) - now / 1000
      expect(left).toBeLessThanOrEqual(lifetime.durationSeconds)
      expect(left).toBeGreaterThan(lifetime.durationSeconds - lifetime.windowSeconds)
    }
  })

  it.each([1, 2, 10, 59.5, 300, 1199, 1200, 5000])(
    'keeps to a caller who wants %s s, within the duration',
    expiresIn => {
      const lifetime = { durationSeconds: 1200, windowSeconds: 300 }
      const wanted = Math.min(expiresIn, 1200)
      for (let step = 0; step < 1000; step++) {
        const now = midnight + step * 997
        const left = expiryAt(now, lifetime, expiresIn) - now / 1000
        expect(left).toBeLessThanOrEqual(wanted)
        expect(left).toBeGreaterThan(wanted - Math.max(1, wanted / 4))
      }
    },
  )
})
