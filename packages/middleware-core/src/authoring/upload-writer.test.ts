import { describe, expect, it } from '@jest/globals'
import { EventEmitter, once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { recorded, unavailable } from '../../test/writer/recorded.ts'
import type { UploadWriter } from './upload-writer.ts'

const closed = (writer: UploadWriter): Promise<unknown> =>
  writer.closed ? Promise.resolve() : new Promise(resolve => writer.once('close', resolve))

describe('a writer', () => {
  it('commits without a close when it was not ended before', async () => {
    const { calls, writer } = recorded()
    writer.write('content')
    await writer.commit()
    expect(calls).toEqual(['write', 'commit'])
  })

  it('closes when a pipeline ends it, and commits what is closed', async () => {
    const { calls, writer } = recorded()
    await pipeline(Readable.from(['a', 'b']), writer)
    await writer.commit()
    expect(calls).toEqual(['write', 'write', 'close', 'commit'])
  })

  it('waits for a write before it takes the next chunk', async () => {
    const pending: (() => void)[] = []
    const { calls, writer } = recorded({ write: () => new Promise(resolve => pending.push(resolve)) })
    writer.write('a')
    writer.write('b')
    expect(calls).toEqual(['write'])
    expect(writer.write(Buffer.alloc(1 << 16))).toBe(false)
    const committing = writer.commit()
    while (!calls.includes('commit')) {
      pending.shift()?.()
      await new Promise(resolve => setImmediate(resolve))
    }
    await committing
    expect(calls).toEqual(['write', 'write', 'write', 'commit'])
  })

  it.each(['now', 'later'])('rejects the commit after a write that fails %s', async when => {
    const { calls, writer } = recorded({
      write: () => {
        if (when === 'now') throw new Error('disk full')
        return Promise.reject(new Error('disk full'))
      },
    })
    writer.write('content')
    await closed(writer)
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNKNOWN', driver: 'test', path: '/file' })
    await expect(writer.close()).rejects.toMatchObject({ detail: 'disk full' })
    expect(calls).toEqual(['write', 'release'])
  })

  it('needs no error listener', async () => {
    const { writer } = recorded({ write: () => Promise.reject(new Error('disk full')) })
    writer.write('content')
    await closed(writer)
    expect(writer.errored).toMatchObject({ message: 'test: disk full' })
  })

  it('releases what a close could not store', async () => {
    const { calls, writer } = recorded({ close: () => Promise.reject(unavailable()) })
    await expect(writer.close()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 3 })
    expect(calls).toEqual(['close', 'release'])
  })

  it('releases when it is destroyed, and can be cancelled then', async () => {
    const { calls, writer } = recorded()
    writer.write('content')
    writer.destroy()
    await closed(writer)
    expect(calls).toEqual(['write', 'release'])
    await expect(writer.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    await writer.cancel()
    expect(calls).toEqual(['write', 'release', 'cancel'])
  })

  it('tells of whatever destroyed it', async () => {
    const { writer } = recorded()
    const cause = new Error('the source broke')
    writer.destroy(cause)
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNKNOWN', detail: 'the source broke', cause })
  })
})

describe('calls that meet each other', () => {
  it('commits once when it is asked to twice at the same time', async () => {
    const { calls, writer } = recorded()
    const results = await Promise.allSettled([writer.commit(), writer.commit()])
    expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected'])
    expect(calls).toEqual(['commit'])
  })

  it('does not cancel what is being committed', async () => {
    const progress = new EventEmitter()
    const commit = async (): Promise<object> => {
      await once(progress, 'committed')
      return {}
    }
    const { calls, writer } = recorded({ commit })
    const committing = writer.commit()
    while (!calls.includes('commit')) await new Promise(resolve => setImmediate(resolve))
    await expect(writer.cancel()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    progress.emit('committed')
    await committing
    expect(calls).toEqual(['commit'])
  })

  it('cancels while a write is pending', async () => {
    const progress = new EventEmitter()
    const { calls, writer } = recorded({
      write: async () => void (await once(progress, 'written')),
      release: () => void progress.emit('error', new Error('stopped')),
    })
    writer.write('content')
    await writer.cancel()
    expect(calls).toEqual(['write', 'release', 'cancel'])
  })

  it('cancels once when it is asked to twice at the same time, and commits nothing meanwhile', async () => {
    const progress = new EventEmitter()
    const { calls, writer } = recorded({ cancel: async () => void (await once(progress, 'cancelled')) })
    await writer.close()
    const cancelling = [writer.cancel(), writer.cancel()]
    await expect(writer.commit()).rejects.toMatchObject({
      code: 'INVALID_STATE',
      detail: 'the writer is being cancelled',
    })
    progress.emit('cancelled')
    await Promise.all(cancelling)
    await writer.cancel()
    expect(calls).toEqual(['close', 'cancel'])
  })

  it('cancels again when it failed', async () => {
    let tries = 0
    const cancel = async (): Promise<void> => {
      tries += 1
      if (tries === 1) throw unavailable()
    }
    const { writer } = recorded({ cancel })
    await expect(writer.cancel()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await writer.cancel()
    await writer.cancel()
    expect(tries).toBe(2)
  })
})

describe('the signal of a writer', () => {
  it.each([new Error('too slow'), 'a text'])(
    'destroys it and rejects the commit with the reason (%s)',
    async reason => {
      const controller = new AbortController()
      const { calls, writer } = recorded({}, controller.signal)
      writer.write('content')
      controller.abort(reason)
      await expect(writer.commit()).rejects.toBe(reason)
      expect(calls).toEqual(['write', 'release'])
    },
  )

  it('is not listened to once the writer is closed', async () => {
    const controller = new AbortController()
    const { calls, writer } = recorded({}, controller.signal)
    await writer.close()
    controller.abort()
    await writer.commit()
    expect(calls).toEqual(['close', 'commit'])
  })
})
