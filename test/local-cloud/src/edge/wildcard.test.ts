import { describe, expect, it } from '@jest/globals'
import { resourceMatches } from './wildcard.ts'

describe('the resource of a policy', () => {
  it.each([
    ['*', 'http://d/a?b=c'],
    ['http://d/a', 'http://d/a'],
    ['http://d:81/a.b+c', 'http://d:81/a.b+c'],
    ['*://d/a', 'https://d/a'],
    ['http*://d/a', 'https://d/a'],
    ['http://*.d/a', 'http://x.y.d/a'],
    ['http://d/*', 'http://d/'],
    ['http://d/*', 'http://d/a/b/c'],
    ['http://d/*', 'http://d/a?b=c'],
    ['http://d*', 'http://d1/a?b=c'],
    ['http://d/a?c', 'http://d/abc'],
    ['http://d/a?b=c', 'http://d/a?b=c'],
    [String.raw`http://d/a\?b=*`, 'http://d/a?b=c'],
    ['http://d/*/c?x=*', 'http://d/a/b/c?x=1&y=2'],
  ])('%s takes in %s', (pattern, url) => {
    expect(resourceMatches(pattern, url)).toBe(true)
  })

  it.each([
    ['http://d/a', 'https://d/a'],
    ['http://d/a', 'http://d/ab'],
    ['http://d/a', 'http://d/a?b=c'],
    ['http://d/a.b', 'http://d/aXb'],
    ['http://*/a', 'http://d/b/a'],
    ['http://*', 'https://d/a'],
    ['http://d', 'http://d/a'],
    ['http://d/*c', 'http://d/a?c'],
    ['http://d/a?c', 'http://d/ac'],
    ['http://d/a?b=c', 'http://d/a?b=d'],
    ['ftp://d/a', 'ftp://d/a'],
    ['d/a', 'http://d/a'],
  ])('%s does not take in %s', (pattern, url) => {
    expect(resourceMatches(pattern, url)).toBe(false)
  })
})
