import { describe, expect, it } from '@jest/globals'
import { EventEmitter, once } from 'node:events'
import { recorded, unavailable } from './recorded.ts'

describe('a commit that fails', () => {
  it('keeps the upload, so that it can be continued', async () => {
    const { calls, writer } = recorded({ commit: () => Promise.reject(new Error('no such upload')) })
    writer.write('content')
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNKNOWN', detail: 'no such upload' })
    expect(calls).toEqual(['write', 'commit', 'close'])
    await expect(writer.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    await writer.cancel()
    expect(calls.at(-1)).toBe('cancel')
  })

  it('does not store again what was closed', async () => {
    const { calls, writer } = recorded({ commit: () => Promise.reject(new Error('no such upload')) })
    await writer.close()
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNKNOWN' })
    expect(calls).toEqual(['close', 'commit'])
  })

  it.each(['open', 'closed'])('may be tried again when the storage was unavailable, %s', async state => {
    let tries = 0
    const commit = async (): Promise<object> => {
      tries += 1
      if (tries < 3) throw unavailable()
      return {}
    }
    const { calls, writer } = recorded({ commit })
    if (state === 'closed') await writer.close()
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 3 })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await writer.commit()
    await expect(writer.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    expect(calls.filter(call => call === 'close')).toHaveLength(1)
  })

  it('may not be tried again when the upload could not be kept', async () => {
    const { calls, writer } = recorded({
      commit: () => Promise.reject(unavailable()),
      close: () => Promise.reject(new Error('disk full')),
      release: () => {
        throw new Error('cannot even let go')
      },
    })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    expect(calls).toEqual(['commit', 'close', 'release'])
  })

  it('gives up at once when it is aborted while a write is pending', async () => {
    const progress = new EventEmitter()
    const controller = new AbortController()
    const reason = new Error('too slow')
    const { calls, writer } = recorded({
      write: async () => void (await once(progress, 'written')),
      release: () => void progress.emit('error', new Error('stopped')),
    })
    writer.write('content')
    const committing = writer.commit({ signal: controller.signal })
    controller.abort(reason)
    await expect(committing).rejects.toBe(reason)
    expect(calls).toEqual(['write', 'release'])
    await expect(writer.commit()).rejects.toMatchObject({ cause: reason })
  })

  it('gives up at once when it was aborted', async () => {
    const controller = new AbortController()
    const reason = new Error('too slow')
    const { calls, writer } = recorded({
      commit: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')))
          controller.abort(reason)
        }),
    })
    await expect(writer.commit({ signal: controller.signal })).rejects.toBe(reason)
    expect(calls).toEqual(['commit', 'release'])
  })

  it('gives up at once when it is aborted while what was written is being kept', async () => {
    const progress = new EventEmitter()
    const controller = new AbortController()
    const reason = new Error('too slow')
    const { calls, writer } = recorded({
      commit: () => Promise.reject(unavailable()),
      close: async () => void (await once(progress, 'closed')),
      release: () => void progress.emit('error', new Error('stopped')),
    })
    writer.write('content')
    const committing = writer.commit({ signal: controller.signal })
    while (!calls.includes('close')) await new Promise(resolve => setImmediate(resolve))
    controller.abort(reason)
    await expect(committing).rejects.toBe(reason)
    expect(calls).toEqual(['write', 'commit', 'close', 'release'])
    await expect(writer.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    await writer.cancel()
    expect(calls.at(-1)).toBe('cancel')
  })

  it('does not listen to the signal any more once what was written is kept', async () => {
    const controller = new AbortController()
    const { calls, writer } = recorded({ commit: () => Promise.reject(unavailable()) })
    await expect(writer.commit({ signal: controller.signal })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    controller.abort()
    await new Promise(resolve => setImmediate(resolve))
    expect(calls).toEqual(['commit', 'close'])
  })
})
