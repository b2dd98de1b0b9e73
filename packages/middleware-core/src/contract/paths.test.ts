import { describe, expect, it } from '@jest/globals'
import {
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
  it.each(['/a', '/a/b', '/.a', '/a.', '/...', '/..a', '/a-_.9/Z'])('%s is legal', path => {
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
    '/a b',
    '/a~',
    '/\u00e4',
    '/a\n',
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
    expect(() => assertPath(`${'/a'.repeat(100_000)}/~`)).toThrow('invalid path')
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it.each(['', '.', '..', 'a/b', 'a~b'])('%j is no component', name => {
    expect(isPathComponent(name)).toBe(false)
  })

  it('joins and takes apart', () => {
    expect(childPath(root, 'a')).toBe('/a')
    expect(childPath('/a', 'b')).toBe('/a/b')
    expect(parentPath('/a/b')).toBe('/a')
    expect(parentPath('/a')).toBe(root)
  })

  it('has directories stand behind siblings with - and . in their names', () => {
    const entries = ['/a-b', '/a.b', '/a0', '/a'].map(path => ({ path, isDirectory: path === '/a' }))
    expect(entries.map(walkPosition).toSorted()).toEqual(['/a-b', '/a.b', '/a/', '/a0'])
    expect(walkPosition({ path: root, isDirectory: true })).toBe('/')
  })
})
