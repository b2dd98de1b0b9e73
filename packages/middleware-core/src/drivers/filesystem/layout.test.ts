import { describe, expect, it } from '@jest/globals'
import { basename } from 'node:path'
import {
  Layout,
  closedName,
  idOf,
  isClosed,
  isOpen,
  isUploadTo,
  isUploadWithin,
  possibleNames,
  reclosedName,
} from './layout.ts'

const layout = new Layout('/root')
const uploadTo = (path: string): string => basename(layout.newUpload(path))

describe('the name of an upload', () => {
  it('is another for each upload', () => {
    expect(uploadTo('/a')).not.toBe(uploadTo('/a'))
  })

  it('tells the path', () => {
    for (const path of ['/a', '/a/b', '/a-b', '/ab', '/a.b/c']) {
      expect(isUploadTo(path, uploadTo(path))).toBe(true)
      for (const other of ['/a/c', '/b', '/a/b/c', '/abc']) expect(isUploadTo(other, uploadTo(path))).toBe(false)
    }
  })

  it('tells the path and the id whoever has let go of it', () => {
    const held = uploadTo('/a.left/b.closed')
    for (const name of possibleNames(held)) {
      expect(isUploadTo('/a.left/b.closed', name)).toBe(true)
      expect(idOf(name)).toBe(idOf(held))
      expect(possibleNames(name)).toEqual(possibleNames(held))
    }
    expect(possibleNames(held).filter(isOpen)).toEqual([held])
    expect(possibleNames(held).filter(isClosed)).toEqual([closedName(held)])
    expect(idOf(held)).not.toBe(idOf(uploadTo('/a.left/b.closed')))
  })

  it('is a new one each time that it is closed, with the same id', () => {
    const names = [closedName(uploadTo('/a.1.closed'))]
    for (let times = 1; times < 12; times++) names.push(reclosedName(names.at(-1) ?? ''))
    expect(new Set(names).size).toBe(12)
    expect(new Set(names.map(idOf)).size).toBe(1)
    expect(names.every(name => isClosed(name) && isUploadTo('/a.1.closed', name))).toBe(true)
  })

  it('tells what lies around the path', () => {
    for (const directory of ['/', '/a', '/a/b', '/a/b/c']) {
      expect(isUploadWithin(directory, uploadTo('/a/b/c'))).toBe(true)
    }
    for (const other of ['/a/b/c/d', '/a/b/d', '/a-', '/a/bc', '/b']) {
      expect(isUploadWithin(other, uploadTo('/a/b/c'))).toBe(false)
    }
  })

  it('is short enough for a file, and tells paths from their beginnings, whatever the length', () => {
    const whole = `/${['a', 'b', 'c', 'd'].map(letter => letter.repeat(70)).join('/')}`
    const lengths = Array.from({ length: whole.length }, (_, index) => index + 1)
    const paths = lengths.map(length => whole.slice(0, length)).filter(path => !path.endsWith('/'))
    for (const path of paths) {
      const upload = uploadTo(path)
      expect(upload.length).toBeLessThanOrEqual(255)
      expect(isUploadWithin(path, upload)).toBe(true)
      expect(paths.filter(other => isUploadTo(other, upload))).toEqual([path])
      const within = paths.filter(other => other !== path && isUploadWithin(other, upload))
      expect(within.filter(other => !path.startsWith(`${other}/`))).toEqual([])
    }
  })
})
