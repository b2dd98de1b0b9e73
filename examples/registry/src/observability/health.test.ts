import { describe, expect, it } from '@jest/globals'
import {
  type FileInfo,
  ForwardingDriver,
  StorageError,
  type StorageErrorCode,
  inmemory,
} from '@longshore/middleware-core'
import { Health } from './health.ts'

/** A storage whose root is asked about by `answer`. */
function storage(answer: () => Promise<FileInfo>) {
  class Told extends ForwardingDriver {
    asked = 0
    override stat(): Promise<FileInfo> {
      this.asked += 1
      return answer()
    }
  }
  return new Told(inmemory())
}

const root: FileInfo = { path: '/', size: 0, modifiedAt: new Date(0), isDirectory: true }

describe('the health', () => {
  it('is good when the storage answers', async () => {
    expect(await new Health(inmemory()).check()).toEqual({ healthy: true })
  })

  it('asks the storage once for everybody who asks at the same time and soon after', async () => {
    const asked = storage(async () => root)
    const health = new Health(asked)
    await Promise.all([health.check(), health.check()])
    await health.check()
    expect(asked.asked).toBe(1)
  })

  it('asks again when the answer is old', async () => {
    let error: StorageError | undefined = new StorageError('UNAVAILABLE', 'slow down')
    const health = new Health(
      storage(async () => {
        if (error) throw error
        return root
      }),
      { maxAgeMs: 10 },
    )
    expect(await health.check()).toEqual({ healthy: false, reason: 'the storage is not available' })
    error = undefined
    while (!(await health.check()).healthy) await new Promise(resolve => setTimeout(resolve, 5))
  })

  it.each<[StorageErrorCode, string]>([
    ['ACCESS_DENIED', 'the storage refuses access'],
    ['CONFIG', 'the storage is not there as configured'],
    ['UNKNOWN', 'the storage fails'],
  ])('gives a reason, but not the words of the error: %s', async (code, reason) => {
    const failing = storage(() => Promise.reject(new StorageError(code, 'hush')))
    expect(await new Health(failing).check()).toEqual({ healthy: false, reason })
  })

  it('does not wait for ever', async () => {
    const silent = storage(() => new Promise(() => {}))
    const report = await new Health(silent, { timeoutMs: 10 }).check()
    expect(report).toEqual({ healthy: false, reason: 'the storage does not answer' })
  })

  it('is bad only when the storage has failed as often as the threshold says', async () => {
    let error: StorageError | undefined = new StorageError('UNAVAILABLE', 'slow down')
    const asked = storage(async () => {
      if (error) throw error
      return root
    })
    const health = new Health(asked, { maxAgeMs: 0, threshold: 3 })
    const reports: boolean[] = []
    const ask = async (): Promise<void> => {
      const before = asked.asked
      // An answer counts until the next turn of the event loop at least.
      do {
        reports[before] = (await health.check()).healthy
        await new Promise(resolve => setImmediate(resolve))
      } while (asked.asked === before)
    }
    for (const answer of [error, error, undefined, error, error, error, undefined]) {
      error = answer
      await ask()
    }
    expect(reports).toEqual([true, true, true, true, true, false, true])
  })

  it('is not about a storage that it is not to ask', async () => {
    const asked = storage(() => Promise.reject(new StorageError('UNAVAILABLE', 'slow down')))
    const health = new Health(asked, { asksStorage: false })
    expect(await health.check()).toEqual({ healthy: true })
    health.stop()
    expect(await health.check()).toEqual({ healthy: false, reason: 'shutting down' })
    expect(asked.asked).toBe(0)
  })

  it('is bad from when the registry is stopped, without asking', async () => {
    const asked = storage(async () => root)
    const health = new Health(asked)
    health.stop()
    expect(await health.check()).toEqual({ healthy: false, reason: 'shutting down' })
    expect(asked.asked).toBe(0)
  })
})
