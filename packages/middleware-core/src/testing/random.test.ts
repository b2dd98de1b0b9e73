import { describe, expect, it } from '@jest/globals'
import { integerBelow, oneOf, randomBytes, randomFrom } from './random.ts'

describe('random numbers', () => {
  it('are the same for the same seed', () => {
    const first = randomFrom(7)
    const second = randomFrom(7)
    for (let draw = 0; draw < 100; draw += 1) expect(second()).toBe(first())
    expect(randomFrom(8)()).not.toBe(randomFrom(7)())
  })

  it('are spread over the whole range', () => {
    const random = randomFrom(1)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let draw = 0; draw < 10_000; draw += 1) {
      const index = integerBelow(random, 10)
      counts[index] = (counts[index] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
    expect(new Set(Array.from({ length: 50 }, () => oneOf(random, ['a', 'b'])))).toEqual(new Set(['a', 'b']))
  })

  it('make bytes that begin the same for every length', () => {
    expect(randomBytes(5, 3)).toHaveLength(5)
    expect(randomBytes(0)).toHaveLength(0)
    expect(randomBytes(1001, 3).subarray(0, 5)).toEqual(randomBytes(5, 3))
  })
})
