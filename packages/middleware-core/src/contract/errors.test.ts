import { describe, expect, it, jest } from '@jest/globals'
import { StorageError, isStorageError, pathNotFound, toStorageError } from './errors.ts'

describe('a storage error', () => {
  it('says who failed, at what, and why', () => {
    const cause = new Error('404')
    const error = pathNotFound('/a', { driver: 's3', cause })
    expect(error).toMatchObject({ code: 'PATH_NOT_FOUND', driver: 's3', path: '/a', cause })
    expect(error.message).toBe('s3: path not found: /a')
    expect(error.detail).toBe('path not found: /a')
  })

  it('shows a client no cause', () => {
    const error = new StorageError('UNKNOWN', 'request failed', { driver: 's3', cause: new Error('secret') })
    expect(JSON.parse(JSON.stringify(error))).toEqual({ driver: 's3', code: 'UNKNOWN', detail: 'request failed' })
  })

  it('has a cause only when it was given one', () => {
    expect('cause' in new StorageError('UNKNOWN', 'failed')).toBe(false)
    expect(new StorageError('UNKNOWN', 'failed', { cause: null }).cause).toBeNull()
  })

  it('is told from other errors, and by its code', () => {
    const error = pathNotFound('/a')
    expect(isStorageError(error)).toBe(true)
    expect(isStorageError(error, 'PATH_NOT_FOUND')).toBe(true)
    expect(isStorageError(error, 'PRECONDITION_FAILED')).toBe(false)
    expect(isStorageError(new Error('path not found'))).toBe(false)
    expect(isStorageError(undefined)).toBe(false)
  })

  it('is one to another copy of this package, too', async () => {
    jest.resetModules()
    const other = await import('./errors.ts')
    const error = other.pathNotFound('/a', { driver: 'theirs' })
    expect(error).not.toBeInstanceOf(StorageError)
    expect(isStorageError(error, 'PATH_NOT_FOUND')).toBe(true)
    expect(toStorageError(error, 'ours', '/b')).toBe(error)
  })
})

describe('toStorageError', () => {
  it('adds what is missing', () => {
    const error = new StorageError('UNAVAILABLE', 'slow down', { retryAfter: 2 })
    const named = toStorageError(error, 's3', '/a')
    expect(named).toMatchObject({ code: 'UNAVAILABLE', driver: 's3', path: '/a', retryAfter: 2 })
    expect(named.message).toBe('s3: slow down')
  })

  it('leaves alone what another driver has named', () => {
    const error = pathNotFound('/a', { driver: 's3' })
    expect(toStorageError(error, 'cache', '/b')).toBe(error)
  })

  it('takes whatever was thrown', () => {
    expect(toStorageError('out of order', 's3', '/a')).toMatchObject({
      code: 'UNKNOWN',
      message: 's3: out of order',
      cause: 'out of order',
    })
  })
})
