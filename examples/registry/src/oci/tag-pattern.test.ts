import { describe, expect, it } from '@jest/globals'
import { isTagPattern, matchesTag } from './tag-pattern.ts'

describe('a pattern of tags', () => {
  it.each([
    ['v1', 'v1', true],
    ['v1', 'v10', false],
    ['v*', 'v', true],
    ['v*', 'v1.2.3', true],
    ['v*', 'latest-v1', false],
    ['*', 'latest', true],
    ['*-final', '1.0-final', true],
    ['*-final', 'final', false],
    ['release-*-final', 'release-1-final', true],
    ['release-*-final', 'release-final', false],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['v1.*', 'v1x2', false],
    ['**', 'x', true],
  ])('%s matches %s: %s', (pattern, tag, expected) => {
    expect(matchesTag(pattern, tag)).toBe(expected)
  })

  it.each(['v*', '*', 'v1.2.3', '_x', 'a-*-b'])('may be %s', text => expect(isTagPattern(text)).toBe(true))

  it.each(['', 'a/b', 'v?', '[v]', '.v', 'v 1', 'a'.repeat(129)])('may not be "%s"', text =>
    expect(isTagPattern(text)).toBe(false),
  )
})
