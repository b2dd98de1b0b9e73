import { createHash } from 'node:crypto'
import { expect, it } from '@jest/globals'
import { RunningHashes } from './running-hashes.ts'

it('gives a hash back where it was left, once', () => {
  const hashes = new RunningHashes()
  const hash = hashes.take('upload', 0)?.update('hello ')
  hashes.keep('upload', 6, hash)
  const expected = createHash('sha256').update('hello world').digest('hex')
  expect(hashes.take('upload', 6)?.update('world').digest('hex')).toBe(expected)
  expect(hashes.take('upload', 6)).toBeUndefined()
})

it('has none for another offset or algorithm', () => {
  for (const [offset, algorithm] of [
    [5, 'sha256'],
    [6, 'sha512'],
  ] as const) {
    const hashes = new RunningHashes()
    hashes.keep('upload', 6, createHash('sha256'))
    expect(hashes.take('upload', offset, algorithm)).toBeUndefined()
  }
})

it('forgets the upload that was touched the longest ago', () => {
  const hashes = new RunningHashes(2)
  for (const upload of ['a', 'b', 'a', 'c']) {
    hashes.take(upload, 1)
    hashes.keep(upload, 1, createHash('sha256'))
  }
  expect(['a', 'b', 'c'].map(upload => hashes.take(upload, 1) !== undefined)).toEqual([true, false, true])
})
