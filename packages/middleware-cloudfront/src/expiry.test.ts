import { describe, expect, it } from '@jest/globals'
import { expiryAt } from './expiry.ts'

const midnight = Date.UTC(2030, 0, 1)

describe('expiry', () => {
  it.each([0, 1])('is exact to the second with a window of %s', window => {
    expect(expiryAt(midnight + 999, { duration: 1200, window })).toBe(midnight / 1000 + 1200)
    expect(expiryAt(midnight + 1000, { duration: 1200, window })).toBe(midnight / 1000 + 1201)
  })

  it('is the same from one edge of a window to the millisecond before the next', () => {
    const lifetime = { duration: 1200, window: 300 }
    const first = expiryAt(midnight, lifetime)
    expect(expiryAt(midnight + 299_999, lifetime)).toBe(first)
    expect(expiryAt(midnight + 300_000, lifetime)).toBe(first + 300)
    expect(expiryAt(midnight - 1, lifetime)).toBe(first - 300)
  })

  it.each([
    { duration: 1200, window: 300 },
    { duration: 1200, window: 1 },
    { duration: 1200, window: 1199 },
    { duration: 61, window: 7 },
    { duration: 1.5, window: 1 },
  ])('is never later than $duration s from now, nor nearer than $window s less', lifetime => {
    for (let step = 0; step < 5000; step++) {
      const now = midnight + step * 997
      const left = expiryAt(now, lifetime) - now / 1000
      expect(left).toBeLessThanOrEqual(lifetime.duration)
      expect(left).toBeGreaterThan(lifetime.duration - lifetime.window)
    }
  })

  it.each([1, 2, 10, 59.5, 300, 1199, 1200, 5000])(
    'keeps to a caller who wants %s s, within the duration',
    expiresIn => {
      const lifetime = { duration: 1200, window: 300 }
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
