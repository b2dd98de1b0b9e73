import { describe, expect, it } from '@jest/globals'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { UrlCache } from './url-cache.ts'

describe('the cache of URLs', () => {
  it('gives everybody who asks meanwhile the same promise, and the URL itself later', async () => {
    const cache = new UrlCache(10)
    const signing = withResolvers()
    const kept = cache.set('/a', 100, signing.promise)
    expect(cache.find('/a', 100)).toBe(kept)
    signing.resolve('signed')
    await kept
    expect(cache.find('/a', 100)).toBe('signed')
  })

  it('gives no URL of another expiry, earlier or later', async () => {
    const cache = new UrlCache(10)
    await cache.set('/a', 100, Promise.resolve('signed'))
    expect(cache.find('/a', 99)).toBeUndefined()
    expect(cache.find('/a', 101)).toBeUndefined()
  })

  it('forgets a URL that could not be signed', async () => {
    const cache = new UrlCache(10)
    await expect(cache.set('/a', 100, Promise.reject(new Error('no signature')))).rejects.toThrow('no signature')
    expect(cache.find('/a', 100)).toBeUndefined()
  })

  it('keeps a newer URL when an older one fails', async () => {
    const cache = new UrlCache(10)
    const older = withResolvers()
    const failed = cache.set('/a', 100, older.promise)
    await cache.set('/a', 200, Promise.resolve('newer'))
    older.reject(new Error('no signature'))
    await expect(failed).rejects.toThrow('no signature')
    expect(cache.find('/a', 200)).toBe('newer')
  })

  it('holds the objects asked for last, and no more than its size', async () => {
    const cache = new UrlCache(100)
    for (let object = 0; object < 1000; object++) {
      await cache.set(`/${object}`, 100, Promise.resolve('signed'))
      await cache.find('/0', 100)
    }
    const held = Array.from({ length: 1000 }, (_, object) => object).filter(
      object => cache.find(`/${object}`, 100) !== undefined,
    )
    expect(held).toEqual([0, ...Array.from({ length: 99 }, (_, index) => 901 + index)])
  })

  it('stays within its size under 20,000 objects', async () => {
    const cache = new UrlCache(1000)
    const before = heapUsed()
    for (let object = 0; object < 20_000; object++) {
      void cache.set(`/${object}`, 100, Promise.resolve('x'.repeat(2000) + object))
      if (object % 1000 === 0) await cache.find(`/${object}`, 100)
    }
    await cache.find('/19999', 100)
    // All of these URLs take more than 40 MB.
    expect(heapUsed() - before).toBeLessThan(8 * 1024 ** 2)
    expect(cache.find('/18999', 100)).toBeUndefined()
    expect(cache.find('/19000', 100)).toBe(`${'x'.repeat(2000)}19000`)
  })

  it('gives nobody what was in the making when it was cleared', async () => {
    const cache = new UrlCache(10)
    const older = withResolvers()
    const kept = cache.set('/a', 100, older.promise)
    cache.clear()
    expect(cache.find('/a', 100)).toBeUndefined()
    older.resolve('signed')
    expect(await kept).toBe('signed')
    expect(cache.find('/a', 100)).toBeUndefined()
  })

  it('is empty once cleared', async () => {
    const cache = new UrlCache(10)
    await cache.set('/a', 100, Promise.resolve('signed'))
    cache.clear()
    expect(cache.find('/a', 100)).toBeUndefined()
  })
})

/** Bytes that are in use, garbage not counted. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

/** `Promise.withResolvers` is not in Node 20. */
function withResolvers(): { promise: Promise<string>; resolve(url: string): void; reject(error: Error): void } {
  let resolve!: (url: string) => void
  let reject!: (error: Error) => void
  const promise = new Promise<string>((...settle) => ([resolve, reject] = settle))
  return { promise, resolve, reject }
}
