import { describe, expect, it } from '@jest/globals'
import { recorded, unavailable } from './recorded.ts'

describe('the revision of a writer', () => {
  it('is asked for before a write and after a close only', async () => {
    const pending: (() => void)[] = []
    const { writer } = recorded({ revision: 'r1', write: () => new Promise(resolve => pending.push(resolve)) })
    expect(writer.revision).toBe('r1')
    writer.cork()
    writer.write('content')
    expect(writer.revision).toBeUndefined()
    writer.uncork()
    const closing = writer.close()
    expect(writer.revision).toBeUndefined()
    pending.shift()?.()
    await closing
    expect(writer.revision).toBe('r1')
    await writer.commit()
    expect(writer.revision).toBeUndefined()
  })

  it('is none where a close failed', async () => {
    const { writer } = recorded({ revision: 'r1', close: () => Promise.reject(unavailable()) })
    writer.write('content')
    await expect(writer.close()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(writer.revision).toBeUndefined()
  })

  it.each([
    ['that may be tried again', unavailable(), 'r1'],
    ['for good', new Error('no such upload'), undefined],
  ])('after a commit that failed %s is %p', async (_, error, revision) => {
    const { writer } = recorded({ revision: 'r1', commit: () => Promise.reject(error) })
    writer.write('content')
    await expect(writer.commit()).rejects.toThrow(error.message)
    expect(writer.revision).toBe(revision)
  })
})
