import { randomBytes } from 'node:crypto'
import { expect, it } from '@jest/globals'
import { KeptBytes } from './kept-bytes.ts'

const most = 64 * 1024

it.each([1, 3, 1000, most])('keeps 64 KiB that come %s at a time, and no more', size => {
  const bytes = randomBytes(most)
  const kept = new KeptBytes()
  for (let at = 0; at < most; at += size) kept.add(bytes.subarray(at, at + size))
  expect(kept.all?.equals(bytes)).toBe(true)
  expect(kept.footprint).toBeLessThanOrEqual(2 * most)
  kept.add(Buffer.alloc(0))
  expect(kept.all).toHaveLength(most)
  kept.add(Buffer.of(1))
  expect(kept.all).toBeUndefined()
  expect(kept.footprint).toBe(0)
  kept.add(Buffer.of(1))
  expect(kept.copy().all).toBeUndefined()
})

it('keeps bytes of its own, and copies go their own ways', () => {
  const chunk = Buffer.from('abc')
  const kept = new KeptBytes()
  kept.add(chunk)
  chunk.fill('x')
  const copy = kept.copy()
  kept.add(Buffer.from('one'))
  copy.add(Buffer.from('other'))
  expect(String(kept.all)).toBe('abcone')
  expect(String(copy.all)).toBe('abcother')
})
