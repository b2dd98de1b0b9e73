import { describe, expect, it } from '@jest/globals'
import { type Part, PartSizeStrategy, MAX_BUFFERED_PART_SIZE, MAX_PARTS, MIN_PART_SIZE } from './parts.ts'

const chunk = 10 * 1024 * 1024
const part = (number: number, size = chunk): Part => ({ number, size, etag: `e${number}` })
const none = (): boolean => false

describe('part sizes', () => {
  it('are equal, or grow by a chunk every 1,000 parts', () => {
    const equal = new PartSizeStrategy('equal', chunk)
    const growing = new PartSizeStrategy('growing', chunk)
    const sizes = (sizing: PartSizeStrategy): number[] => [1, 1000, 1001, 10_000].map(n => sizing.sizeOf(n, []) / chunk)
    expect(sizes(equal)).toEqual([1, 1, 1, 1])
    expect(sizes(growing)).toEqual([1, 1, 2, 10])
  })

  it('never exceed what S3 takes', () => {
    expect(new PartSizeStrategy('growing', MAX_BUFFERED_PART_SIZE).sizeOf(5000, [])).toBe(MAX_BUFFERED_PART_SIZE)
  })

  it('stay those of an upload that began with others, where they must be equal', () => {
    expect(new PartSizeStrategy('equal', chunk).sizeOf(2, [part(1, 7_000_000)])).toBe(7_000_000)
  })

  it('end at 10,000 parts with advice', () => {
    expect(() => new PartSizeStrategy('equal', chunk).sizeOf(MAX_PARTS + 1, [])).toThrow(
      'more than 10000 parts; use partsizing',
    )
    expect(() => new PartSizeStrategy('growing', chunk).sizeOf(MAX_PARTS + 1, [])).toThrow('use a larger chunksize')
  })
})

describe('the parts that an upload goes on behind', () => {
  const growing = new PartSizeStrategy('growing', chunk)

  it('end before a gap, in whatever order they come', () => {
    expect(growing.contiguousParts([part(4), part(2), part(1)], none)).toEqual([part(1), part(2)])
    expect(growing.contiguousParts([part(2)], none)).toEqual([])
  })

  it('end before one that is too small to be followed', () => {
    expect(growing.contiguousParts([part(1), part(2, MIN_PART_SIZE - 1), part(3)], none)).toEqual([part(1)])
  })

  it('end before an orphaned one', () => {
    expect(growing.contiguousParts([part(1), part(2), part(3)], ({ number }) => number === 2)).toEqual([part(1)])
  })

  it('end before one of another size where they must be equal', () => {
    expect(new PartSizeStrategy('equal', chunk).contiguousParts([part(1), part(2, chunk - 1)], none)).toEqual([part(1)])
  })
})
