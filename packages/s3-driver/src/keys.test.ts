import { describe, expect, it } from '@jest/globals'
import { KeyMapper } from './keys.ts'

describe('keys', () => {
  for (const spelling of ['', '/', '//']) {
    it(`are the paths without their slash when the root directory is ${JSON.stringify(spelling)}`, () => {
      const keys = new KeyMapper(spelling)
      expect([keys.key('/a/b'), keys.prefix('/'), keys.prefix('/a'), keys.path('a/b')]).toEqual([
        'a/b',
        '',
        'a/',
        '/a/b',
      ])
    })
  }

  for (const spelling of ['docker/v2', '/docker/v2', '/docker/v2/']) {
    it(`begin with the root directory when that is ${JSON.stringify(spelling)}`, () => {
      const keys = new KeyMapper(spelling)
      expect([keys.key('/a'), keys.prefix('/'), keys.path('docker/v2/a')]).toEqual(['docker/v2/a', 'docker/v2/', '/a'])
    })
  }

  it('have a path only if one leads to them', () => {
    const keys = new KeyMapper('root')
    const unreachable = ['a', 'roots/a', 'root/', 'root/a/', 'root//a', 'root/../a', 'root/~uploads/a']
    expect(unreachable.map(key => keys.path(key))).toEqual(unreachable.map(() => undefined))
  })

  it('of upload records belong to one path each', () => {
    const keys = new KeyMapper('root')
    expect(keys.checkpoint('/a/b')).toBe('root/~uploads/a/b')
    expect(keys.pathOfCheckpoint('root/~uploads/a/b')).toBe('/a/b')
    expect(keys.overflowId('root/~uploads/a/b')).toBeUndefined()
    const spill = keys.spill('/a/b', 'id')
    expect([spill, keys.overflowId(spill), keys.pathOfCheckpoint(spill)]).toEqual([
      'root/~uploads/a/b~id',
      'id',
      '/a/b',
    ])
  })
})
