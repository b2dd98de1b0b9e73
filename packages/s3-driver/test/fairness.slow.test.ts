import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { matching, nth } from '@longshore/local-cloud'
import type { FileWriter } from '@longshore/middleware-core'
import { type MemoryBudget, sharedMemoryBudget } from '../src/upload/memory-budget.ts'
import { type LocalCloud, type S3Driver, content, driverOn, part, startLocalCloud, until, write } from './cloud.ts'

/** The drivers here share a budget of their own: the tests' usual one is larger, and the largest counts. */
const budget = 8 * part
let cloud: LocalCloud
let driver: S3Driver
let memory: MemoryBudget

beforeAll(async () => {
  cloud = await startLocalCloud()
  driver = driverOn(cloud, { uploadMemory: budget })
  memory = sharedMemoryBudget(budget)
})

afterEach(() => {
  cloud.s3.faults.clear()
  cloud.s3.bucket(cloud.bucket).clear()
  cloud.s3.requests.reset()
})

afterAll(async () => {
  await driver[Symbol.asyncDispose]()
  await cloud.close()
})

/** Writers that together hold the whole budget, each less than a part. */
async function fillBudget(size = 100_000): Promise<FileWriter[]> {
  const writers = await Promise.all(Array.from({ length: 8 }, (_, index) => driver.writer(`/idle/${index}`)))
  for (const [index, writer] of writers.entries()) await write(writer, content(size, index + 1))
  expect(memory.used).toBe(budget)
  return writers
}

/** 32 uploads of 65 MiB take as long as all other tests here together. */
const isFull = process.env['LONGSHORE_TEST_LARGE'] === '1'
const [parts, title] = isFull ? [13, '65 MiB'] : [4, '20 MiB (LONGSHORE_TEST_LARGE=1 makes it 65 MiB)']

describe(`32 uploads at once, each of ${title},`, () => {
  it('stay inside the budget, and each gets its share of it in turn', async () => {
    const bytes = content(parts * part)
    let peak = 0
    const order: string[] = []
    cloud.s3.faults.add(
      matching({ operation: 'UploadPart' }, ({ key = '' }) => {
        peak = Math.max(peak, memory.used)
        order.push(key)
        return undefined
      }),
    )
    const upload = async (index: number): Promise<void> => {
      const writer = await driver.writer(`/f${index}`)
      for (let at = 0; at < bytes.length; at += 1_000_000) await write(writer, bytes.subarray(at, at + 1_000_000))
      await writer.commit()
    }
    await Promise.all(Array.from({ length: 32 }, (_, index) => upload(index)))
    expect(peak).toBeGreaterThan(budget / 2)
    expect(peak).toBeLessThanOrEqual(budget)
    expect(memory.used).toBe(0)
    // Everybody's first part goes before anybody's third, and no part is sent more than once.
    const firsts = new Set<string>()
    const startedAt = order.findIndex(key => firsts.add(key).size === 32)
    const sentUntilThen = Math.max(...[...firsts].map(key => order.slice(0, startedAt).filter(k => k === key).length))
    expect([startedAt < 64, sentUntilThen <= 2]).toEqual([true, true])
    expect(order).toHaveLength(32 * parts)
    for (let index = 0; index < 32; index++) {
      expect((await cloud.s3.bucket(cloud.bucket).read(`f${index}`))?.equals(bytes)).toBe(true)
    }
  })
})

describe('uploads that nobody writes to', () => {
  it('give their memory to those that wait, and keep their bytes', async () => {
    const idle = await fillBudget()
    const busy = await driver.writer('/busy')
    await write(busy, content(4 * part))
    await busy.commit()
    expect((await cloud.s3.bucket(cloud.bucket).read('busy'))?.equals(content(4 * part))).toBe(true)
    await Promise.all(idle.slice(3).map(writer => writer.cancel()))
    for (const [index, writer] of idle.slice(0, 3).entries()) {
      expect(writer.size).toBe(100_000)
      await write(writer, content(2 * part, 50))
      await writer.commit()
      const expected = Buffer.concat([content(100_000, index + 1), content(2 * part, 50)])
      expect((await cloud.s3.bucket(cloud.bucket).read(`idle/${index}`))?.equals(expected)).toBe(true)
    }
    expect(cloud.s3.bucket(cloud.bucket).keys('~')).toEqual([])
    expect(cloud.s3.bucket(cloud.bucket).uploads()).toEqual([])
  })

  it('can be committed, closed and continued, or cancelled as if nothing had happened', async () => {
    const idle = await fillBudget()
    const evicted = (): string[] => cloud.s3.bucket(cloud.bucket).keys('~temporary/idle/')
    const large = driverOn(cloud, { chunkSize: budget, uploadMemory: budget })
    const busy = await large.writer('/busy')
    await write(busy, content(100_000))
    expect(evicted()).toHaveLength(8)
    await busy.commit()
    const [first, second, third] = idle as [FileWriter, FileWriter, FileWriter]
    await first.commit()
    await second.close()
    const continued = await large.writer('/idle/1', { append: true })
    expect(continued.size).toBe(100_000)
    await continued.commit()
    for (const writer of idle.slice(2)) await writer.cancel()
    await expect(third.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' })
    const bucket = cloud.s3.bucket(cloud.bucket)
    expect(bucket.keys()).toEqual(['busy', 'idle/0', 'idle/1'])
    for (const index of [0, 1]) {
      expect((await bucket.read(`idle/${index}`))?.equals(content(100_000, index + 1))).toBe(true)
    }
    await large[Symbol.asyncDispose]()
  })

  it('lose nothing of what they gave back when their process dies', async () => {
    const idle = await fillBudget(part + 100_000)
    const busy = await driver.writer('/busy')
    await write(busy, content(100_000))
    await busy.commit()
    const gone = cloud.s3.bucket(cloud.bucket).keys('~temporary/idle/')[0] ?? ''
    const index = Number(/idle.(\d)/.exec(gone)?.[1])
    for (const writer of idle) {
      writer.destroy()
      await until(() => writer.closed)
    }
    const another = driverOn(cloud, { uploadMemory: budget })
    const next = await another.writer(`/idle/${index}`, { append: true })
    expect(next.size).toBe(part + 100_000)
    await next.commit()
    expect(
      (await cloud.s3.bucket(cloud.bucket).read(`idle/${index}`))?.equals(content(part + 100_000, index + 1)),
    ).toBe(true)
    await another.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual(['busy', `idle/${index}`])
    await another[Symbol.asyncDispose]()
  })

  it('go on holding theirs when it cannot be stored, and others are asked', async () => {
    const idle = await fillBudget()
    cloud.s3.faults.add(
      matching({ operation: 'PutObject', key: /idle/ }, nth(1, { kind: 'error', status: 403, code: 'AccessDenied' })),
    )
    const busy = await driver.writer('/busy')
    await write(busy, content(100_000))
    await busy.commit()
    for (const writer of idle) await writer.commit()
    for (let index = 0; index < 8; index++) {
      const stored = await cloud.s3.bucket(cloud.bucket).read(`idle/${index}`)
      expect(stored?.equals(content(100_000, index + 1))).toBe(true)
    }
    expect(memory.used).toBe(0)
  })

  it('do not keep out a caller that feeds more of them in turn than the budget holds', async () => {
    const pieces = Array.from({ length: 2 }, (_, index) => content(3_000_000, index + 1))
    const writers = await Promise.all(Array.from({ length: 12 }, (_, index) => driver.writer(`/turn/${index}`)))
    for (const piece of pieces) for (const writer of writers) await write(writer, piece)
    expect(memory.used).toBeLessThanOrEqual(budget)
    for (const writer of writers) await writer.commit()
    for (let index = 0; index < 12; index++) {
      expect((await cloud.s3.bucket(cloud.bucket).read(`turn/${index}`))?.equals(Buffer.concat(pieces))).toBe(true)
    }
    expect(cloud.s3.bucket(cloud.bucket).keys()).toHaveLength(12)
    expect([memory.used, cloud.s3.bucket(cloud.bucket).uploads()]).toEqual([0, []])
  })
})
