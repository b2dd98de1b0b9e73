import { describe, expect, it } from '@jest/globals'
import { shrink } from './shrink.ts'

describe('shrink', () => {
  it('finds the few that matter', async () => {
    const sequence = Array.from({ length: 100 }, (_, index) => index)
    const part = await shrink(sequence, async part => [7, 50, 98].every(needed => part.includes(needed)))
    expect(part).toEqual([7, 50, 98])
  })

  it('leaves a sequence alone that nothing can be taken from', async () => {
    expect(await shrink([1, 2, 3], async part => part.length === 3)).toEqual([1, 2, 3])
  })

  it('ends with nothing when everything fails', async () => {
    expect(await shrink([1, 2, 3], async () => true)).toEqual([])
    expect(await shrink([], async () => true)).toEqual([])
  })
})
