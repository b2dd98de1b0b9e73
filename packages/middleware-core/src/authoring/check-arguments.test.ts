import { describe, expect, it } from '@jest/globals'
import * as check from './check-arguments.ts'

const refused = (message: string): object => ({ code: 'INVALID_ARGUMENT', message })

describe('numbers of bytes', () => {
  it.each([undefined, 0, 1, Number.MAX_SAFE_INTEGER])('may be %p', value => {
    expect(() => check.checkRead({ offset: value, length: value })).not.toThrow()
    expect(() => check.checkMove({ size: value })).not.toThrow()
    expect(() => check.checkUrl({ size: value })).not.toThrow()
  })

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53, '1', null, 1n])('may not be %p', value => {
    const wrong = value as number
    const accepted = /^invalid (offset|length|size): .*; accepted: a whole number of bytes, 0 or more$/
    for (const call of [
      () => check.checkRead({ offset: wrong }),
      () => check.checkRead({ length: wrong }),
      () => check.checkMove({ size: wrong }),
      () => check.checkUrl({ size: wrong }),
    ]) {
      expect(call).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(accepted) }),
      )
    }
  })

  it('are shown where they are numbers, and told by their type where they are not', () => {
    expect(() => check.checkRead({ offset: -1 })).toThrow('invalid offset: -1; accepted')
    expect(() => check.checkRead({ offset: 'secret' as never })).toThrow('invalid offset: a value of type string; acc')
  })
})

describe('dates of a purge', () => {
  it.each([new Date(NaN), undefined, null, 0, '2026-01-01'])('may not be %p', olderThan => {
    expect(() => check.checkPurge({ olderThan: olderThan as Date })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('accepted: a Date') }),
    )
  })

  it.each([new Date(0), new Date()])('may be %p', olderThan => {
    expect(() => check.checkPurge({ olderThan })).not.toThrow()
  })
})

describe('conditions', () => {
  it('are one at a time', () => {
    const problem = refused('invalid ifRevision: a revision beside ifAbsent; accepted: one of the two')
    expect(() => check.checkConditions({ ifAbsent: true, ifRevision: '1' })).toThrow(expect.objectContaining(problem))
    expect(() => check.checkPut({ ifAbsent: true, ifRevision: '1' })).toThrow(expect.objectContaining(problem))
    for (const options of [{}, { ifAbsent: true }, { ifRevision: '1' }, { ifAbsent: false, ifRevision: '1' }]) {
      expect(() => check.checkPut(options)).not.toThrow()
    }
  })

  it('of a delete are for files only', () => {
    expect(() => check.checkDelete({ ifRevision: '1' })).toThrow(
      expect.objectContaining(
        refused('invalid ifRevision: a revision without fileOnly; accepted: a revision with fileOnly: true'),
      ),
    )
    expect(() => check.checkDelete({ ifRevision: '1', fileOnly: true })).not.toThrow()
  })
})

describe('a writer', () => {
  it('gets metadata when its upload starts, not when it is continued', () => {
    const metadata = { contentType: 'text/plain' }
    expect(() => check.checkWrite({ metadata })).not.toThrow()
    expect(() => check.checkWrite({ append: true })).not.toThrow()
    expect(() => check.checkWrite({ append: true, metadata })).toThrow(
      expect.objectContaining(
        refused('invalid metadata: metadata beside append; accepted: metadata when the upload starts'),
      ),
    )
  })
})

describe('a walk', () => {
  it.each(['/a', '/a/', '/', undefined])('may start after %p', startAfter => {
    expect(() => check.checkWalk({ startAfter })).not.toThrow()
  })

  it.each(['a', '/a//', '', '/../a'])('may not start after %p', startAfter => {
    expect(() => check.checkWalk({ startAfter })).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
  })
})

describe('lifetimes', () => {
  it.each([0, -1, NaN, Infinity, '60', null])('may not be %p seconds', expiresIn => {
    const problem = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('invalid expiresIn: ') }
    expect(() => check.checkUrl({ expiresIn: expiresIn as number })).toThrow(expect.objectContaining(problem))
    expect(() => check.checkPartUrl({ expiresIn: expiresIn as number })).toThrow(expect.objectContaining(problem))
  })

  it.each([undefined, 0.5, 60])('may be %p seconds', expiresIn => {
    expect(() => check.checkUrl({ expiresIn })).not.toThrow()
  })
})

describe('a download', () => {
  it('is an attachment or inline', () => {
    for (const disposition of ['attachment', 'inline', undefined] as const) {
      expect(() => check.checkUrl({ download: { disposition } })).not.toThrow()
    }
    expect(() => check.checkUrl({ download: { disposition: 'form-data' as never } })).toThrow(
      'invalid download.disposition: a value of type string; accepted: attachment or inline',
    )
  })
})

describe('an upload past the service', () => {
  const sha256 = 'a'.repeat(64)

  it('has an exact size, or a range of sizes in a form', () => {
    for (const size of [0, 1, { max: 0 }, { min: 1, max: 1 }])
      expect(() => check.checkUploadUrl({ size })).not.toThrow()
    for (const size of [-1, undefined, { max: -1 }, { min: 2, max: 1 }, { min: -1, max: 1 }, { min: 1 }]) {
      expect(() => check.checkUploadUrl({ size: size as number })).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/^invalid size/) }),
      )
    }
  })

  it('has a SHA-256 in hexadecimal digits', () => {
    for (const good of [sha256, sha256.toUpperCase(), undefined]) {
      expect(() => check.checkUploadUrl({ size: 1, sha256: good })).not.toThrow()
      expect(() => check.checkPartUrl({ sha256: good })).not.toThrow()
    }
    for (const bad of [`${sha256}a`, sha256.slice(1), 'g'.repeat(64), '', `${sha256}\n`]) {
      expect(() => check.checkPartUrl({ sha256: bad })).toThrow('accepted: 64 hexadecimal digits')
    }
  })

  it('in parts has a size of 1 or more, or the id of one that goes on', () => {
    for (const options of [{ size: 1 }, { size: 1, partSize: 1 }, { id: 'aZ_0-9' }]) {
      expect(() => check.checkDirectUpload(options)).not.toThrow()
    }
    for (const options of [
      { size: 0 },
      { size: 1, partSize: 0 },
      { id: '' },
      { id: 'a/b' },
      { id: 'a'.repeat(2049) },
    ]) {
      expect(() => check.checkDirectUpload(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    }
  })
})
