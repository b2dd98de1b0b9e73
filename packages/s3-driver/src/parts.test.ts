import { describe, expect, it } from '@jest/globals'
import { type Part, PartSizing, maxPartSize, maxParts, minPartSize } from './parts.ts'

const chunk = 10 * 1024 * 1024
const part = (number: number, size = chunk): Part => ({ number, size, etag: `e${number}` })
const fresh = (): boolean => false

describe('part sizes', () => {
  it('are equal, or grow by a chunk every 1,000 parts', () => {
    const equal = new PartSizing('equal', chunk)
    const growing = new PartSizing('growing', chunk)
    const sizes = (sizing: PartSizing): number[] => [1, 1000, 1001, 10_000].map(n => sizing.sizeOf(n, []) / chunk)
    expect(sizes(equal)).toEqual([1, 1, 1, 1])
    expect(sizes(growing)).toEqual([1, 1, 2, 10])
  })

  it('never exceed what S3 takes', () => {
    expect(new PartSizing('growing', maxPartSize).sizeOf(5000, [])).toBe(maxPartSize)
  })

  it('stay those of an upload that began with others, where they must be equal', () => {
    expect(new PartSizing('equal', chunk).sizeOf(2, [part(1, 7_000_000)])).toBe(7_000_000)
  })

  it('end at 10,000 parts with advice', () => {
    expect(() => new PartSizing('equal', chunk).sizeOf(maxParts + 1, [])).toThrow(
      'more than 10000 parts; use partsizing',
    )
    expect(() => new PartSizing('growing', chunk).sizeOf(maxParts + 1, [])).toThrow('use a larger chunksize')
  })
})

describe('the parts that an upload goes on behind', () => {
  const growing = new PartSizing('growing', chunk)

  it('end before a gap, in whatever order they come', () => {
    expect(growing.usable([part(4), part(2), part(1)], fresh)).toEqual([part(1), part(2)])
    expect(growing.usable([part(2)], fresh)).toEqual([])
  })

  it('end before one that is too small to be followed', () => {
    expect(growing.usable([part(1), part(2, minPartSize - 1), part(3)], fresh)).toEqual([part(1)])
  })

  it('end before a stale one', () => {
    expect(growing.usable([part(1), part(2), part(3)], ({ number }) => number === 2)).toEqual([part(1)])
  })

  it('end before one of another size where they must be equal', () => {
    expect(new PartSizing('equal', chunk).usable([part(1), part(2, chunk - 1)], fresh)).toEqual([part(1)])
  })
})
