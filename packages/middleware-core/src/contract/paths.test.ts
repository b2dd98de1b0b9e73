import { describe, expect, it } from '@jest/globals'
import {
  compareBytes,
  assertDirectoryPath,
  assertPath,
  childPath,
  isPathComponent,
  isRelativePath,
  parentPath,
  root,
  walkPosition,
} from './paths.ts'

describe('paths', () => {
  it.each([
    '/a',
    '/a/b',
    '/.a',
    '/a.',
    '/...',
    '/..a',
    '/a-_.9/Z',
    '/@scope/pkg-1.0.0+build.tgz',
    '/a b/ [c] (d)\\e?f#g%2Fh*',
    '/\u00e4',
    '/a\u0308',
    '/日本語/🙂',
    '/a~',
    '/a/~uploads',
    '/~uploads2',
    `/${'ä'.repeat(512)}`,
  ])('%s is legal', path => {
    expect(() => assertPath(path)).not.toThrow()
    expect(isRelativePath(path.slice(1))).toBe(true)
  })

  it.each([
    '',
    '/',
    'a',
    '//a',
    '/a/',
    '/a//b',
    '/.',
    '/..',
    '/a/..',
    '/../a',
    '/a/./b',
    '/a\n',
    '/a\u007f',
    '/a\u009f',
    '/\ud83d',
    '/a\ufffe',
    '/~uploads',
    '/~uploads/a',
    '/~temporary/a',
    `/${'ä'.repeat(512)}a`,
  ])('%j is not', path => {
    expect(() => assertPath(path)).toThrow(`invalid path: ${JSON.stringify(path)}; accepted: `)
  })

  it('the root is legal where a directory may stand', () => {
    expect(() => assertDirectoryPath(root)).not.toThrow()
    expect(() => assertDirectoryPath('/a/')).toThrow('invalid path')
  })

  it('says what it was given instead of a text', () => {
    expect(() => assertPath(5 as never)).toThrow('invalid path: a value of type number')
  })

  it('is checked in time that grows with its length only', () => {
    const started = performance.now()
    expect(() => assertPath(`${'/a'.repeat(1_000_000)}/.`)).toThrow('invalid path')
    // Milliseconds, where a square of the length would take an hour.
    expect(performance.now() - started).toBeLessThan(60_000)
  })

  it.each(['', '.', '..', 'a/b', 'a\tb'])('%j is no component', name => {
    expect(isPathComponent(name)).toBe(false)
  })

  it('joins and takes apart', () => {
    expect(childPath(root, 'a')).toBe('/a')
    expect(childPath('/a', 'b')).toBe('/a/b')
    expect(parentPath('/a/b')).toBe('/a')
    expect(parentPath('/a')).toBe(root)
  })

  it('compares as the bytes of UTF-8 do, also beyond U+FFFF', () => {
    const names = ['', 'a', 'a/', 'b', 'é', '日', '\uffee', '🙂', '🙂a', '\ue000']
    const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(names.toSorted(compareBytes)).toEqual(byBytes)
    expect(names.toSorted()).not.toEqual(byBytes)
  })

  it('has directories stand behind siblings with - and . in their names', () => {
    const entries = ['/a-b', '/a.b', '/a0', '/a'].map(path => ({ path, isDirectory: path === '/a' }))
    expect(entries.map(walkPosition).toSorted()).toEqual(['/a-b', '/a.b', '/a/', '/a0'])
    expect(walkPosition({ path: root, isDirectory: true })).toBe('/')
  })
})
