import { describe, expect, it } from '@jest/globals'
import { resourceMatches } from './wildcard.ts'

describe('the resource of a policy', () => {
  it.each([
    ['*', 'http://d/a?b=c'],
    ['https://d/a', 'https://d/a'],
    ['https://d/a?b=c', 'https://d/a?b=c'],
    ['*://d/a', 'https://d/a'],
    ['http*://d/a', 'http://d/a'],
    ['https://*.d.com/a', 'https://x.y.d.com/a'],
    ['https://d?.com/a', 'https://d1.com/a'],
    ['https://d/*', 'https://d/'],
    ['https://d/*', 'https://d/a/b/c'],
    ['https://d/*', 'https://d/a?b=c'],
    ['https://d/a*c', 'https://d/a/b/c'],
    ['https://d/a?c', 'https://d/abc'],
    ['https://d*', 'https://d1/a?b=c'],
    ['https://d/*?b=*', 'https://d/a?b=c&d=e'],
    [String.raw`https://d/a\?b=*`, 'https://d/a?b=c'],
    ['https://d/**a', 'https://d/a'],
    ['https://d/*ab', 'https://d/aab'],
  ])('%s is %s', (pattern, url) => {
    expect(resourceMatches(pattern, url)).toBe(true)
  })

  it.each([
    ['https://d/a', 'http://d/a'],
    ['https://d/a', 'https://d/ab'],
    ['https://d/a', 'https://d/a?b=c'],
    ['https://d/a.b', 'https://d/a1b'],
    ['https://*/a', 'https://d/b/a'],
    ['https://*', 'http://d/a'],
    ['https://d', 'https://d/a'],
    ['https://d/*c', 'https://d/a?c'],
    ['https://d/a?c', 'https://d/ac'],
    ['https://d/a?b=c', 'https://d/a?b=d'],
    ['https://d/*?b=*', 'https://d/a'],
    ['ftp://d/a', 'ftp://d/a'],
    ['', 'https://d/a'],
  ])('%s is not %s', (pattern, url) => {
    expect(resourceMatches(pattern, url)).toBe(false)
  })

  it('with many stars takes no time without end', () => {
    expect(resourceMatches(`https://d/${'*a'.repeat(1000)}b`, `https://d/${'a'.repeat(7000)}`)).toBe(false)
  })
})
