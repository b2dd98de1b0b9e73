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

  it('are no longer than S3 takes', () => {
    const keys = new KeyMapper('root')
    expect(Buffer.byteLength(keys.key(`/${'\u00e9'.repeat(509)}a`))).toBe(1024)
    expect(() => keys.prefix(`/${'\u00e9'.repeat(510)}`)).toThrow(
      'the path has 1021 bytes, too many; accepted: 1020 below this root directory',
    )
  })

  it('have a path only if one leads to them', () => {
    const keys = new KeyMapper('root')
    const unreachable = ['a', 'roots/a', 'root/', 'root/a/', 'root//a', 'root/../a', 'root/~uploads/a']
    expect(unreachable.map(key => keys.path(key))).toEqual(unreachable.map(() => undefined))
  })

  it('of checkpoints belong to one path each', () => {
    const keys = new KeyMapper('root')
    for (const path of ['/a/b', '/a~b', `/a~${id}`]) {
      expect(keys.checkpoint(path)).toBe(`root/~uploads${path}`)
      expect(keys.pathOfCheckpoint(keys.checkpoint(path))).toBe(path)
      expect(keys.parseTemporary(keys.checkpoint(path))).toBeUndefined()
    }
    expect(keys.pathOfCheckpoint('root/~uploads/')).toBeUndefined()
    expect(keys.pathOfCheckpoint('root/a')).toBeUndefined()
  })

  it('of what belongs to one upload are no checkpoint of any path', () => {
    const keys = new KeyMapper('root')
    for (const path of ['/a/b', `/a~${id}`, `/a/${id}`]) {
      const key = keys.temporary(path, id)
      expect(key).toBe(`root/~temporary${path}/${id}`)
      expect(keys.parseTemporary(key)).toEqual({ path, id })
      expect([keys.pathOfCheckpoint(key), keys.path(key)]).toEqual([undefined, undefined])
    }
    expect(keys.parseTemporary(keys.temporary('/', id))).toEqual({ path: '/', id })
    for (const key of ['root/~temporary/', 'root/~temporary/a/', 'root/~temporary/a//b', 'root/a/b']) {
      expect(keys.parseTemporary(key)).toBeUndefined()
    }
  })

  it('that earlier versions gave to what belongs to one upload are known still', () => {
    const keys = new KeyMapper('root')
    const key = keys.legacyTemporary('/a~b', id)
    expect([key, keys.parseLegacyTemporary(key)]).toEqual([`root/~uploads/a~b~${id}`, { path: '/a~b', id }])
    for (const other of [keys.checkpoint('/a~b'), keys.checkpoint(`/~${id}`), keys.checkpoint(`/a/~${id}`)]) {
      expect(keys.parseLegacyTemporary(other)?.path).not.toBe('/')
    }
  })

  it('that an upload needs for itself fit into what S3 takes, or the path is refused', () => {
    const keys = new KeyMapper('root')
    const path = `/${'é'.repeat(482)}`
    expect(Buffer.byteLength(keys.temporary(path, 'x'.repeat(43)))).toBe(1024)
    keys.assertUploadable(path)
    expect(() => keys.assertUploadable(`${path}ab`)).toThrow(
      'the path has 967 bytes, too many for an upload; accepted: 965 below this root directory',
    )
  })
})

const id = '123e4567-e89b-42d3-a456-426614174000'
