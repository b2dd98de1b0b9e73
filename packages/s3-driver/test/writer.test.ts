import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { FileWriter, StorageDriver } from '@longshore/middleware-core'
import { type LocalCloud, driverOn, mebibyte, startLocalCloud } from './cloud.ts'

let cloud: LocalCloud
let driver: StorageDriver

beforeAll(async () => {
  cloud = await startLocalCloud()
  driver = driverOn(cloud)
})
afterEach(() => {
  cloud.s3.bucket(cloud.bucket).clear()
  cloud.s3.requests.reset()
  cloud.s3.faults.clear()
  cloud.s3.resetMood()
})
afterAll(async () => {
  await driver[Symbol.asyncDispose]()
  await cloud.close()
})

/** Bytes that differ everywhere, so that no part can stand in for another. */
function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  for (let index = 0, x = seed; index + 4 <= size; index += 4) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    bytes.writeUInt32LE(x, index)
  }
  return bytes
}

async function write(writer: FileWriter, bytes: Uint8Array): Promise<void> {
  if (!writer.write(bytes)) await once(writer, 'drain')
}

async function stored(path: string): Promise<Buffer> {
  return Buffer.from(await driver.getContent(path))
}

describe('a small object', () => {
  it('is one request, however many writes it took', async () => {
    const writer = await driver.writer('/small')
    for (let index = 0; index < 100; index++) await write(writer, Buffer.from(`line ${index}\n`))
    await writer.commit()
    expect(cloud.s3.requests.counts()).toEqual({ PutObject: 1 })
    expect((await stored('/small')).toString()).toMatch(/^line 0\n[^]*line 99\n$/)
  })

  it('costs three requests more when it is closed and committed elsewhere', async () => {
    const first = await driver.writer('/small')
    await write(first, Buffer.from('one '))
    await first.close()
    await using elsewhere = driverOn(cloud)
    const second = await elsewhere.writer('/small', { append: true })
    expect(second.size).toBe(4)
    await write(second, Buffer.from('two'))
    await second.commit()
    expect(cloud.s3.requests.counts()).toEqual({ PutObject: 2, GetObject: 1, DeleteObject: 1 })
    expect((await stored('/small')).toString()).toBe('one two')
    expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual(['small'])
  })

  it('of exactly one part is still one request', async () => {
    const bytes = content(5 * mebibyte)
    const writer = await driver.writer('/exact')
    await pipeline([bytes], writer, { end: false })
    await writer.commit()
    expect(cloud.s3.requests.counts()).toEqual({ PutObject: 1 })
    expect((await stored('/exact')).equals(bytes)).toBe(true)
  })
})

describe('a large object', () => {
  it('goes up in equal parts and leaves nothing behind', async () => {
    const bytes = content(17 * mebibyte)
    const writer = await driver.writer('/large')
    await pipeline([bytes.subarray(0, 7), bytes.subarray(7, 6_000_000), bytes.subarray(6_000_000)], writer, { end: false })
    expect(cloud.s3.bucket(cloud.bucket).keys()).not.toContain('large')
    await writer.commit()
    expect((await stored('/large')).equals(bytes)).toBe(true)
    expect(cloud.s3.requests.counts()).toMatchObject({ CreateMultipartUpload: 1, UploadPart: 4, CompleteMultipartUpload: 1 })
    expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual(['large'])
    expect(cloud.s3.bucket(cloud.bucket).uploads()).toEqual([])
  })

  it('can be continued from every close, by other drivers, with equal parts even then', async () => {
    cloud.s3.mood.equalParts = true
    const bytes = content(23 * mebibyte)
    const cuts = [0, 1, 3 * mebibyte, 9 * mebibyte, 9 * mebibyte + 1, 16 * mebibyte, 23 * mebibyte]
    for (let index = 1; index < cuts.length; index++) {
      await using elsewhere = driverOn(cloud)
      const writer = await elsewhere.writer('/resumed', { append: index > 1 })
      expect(writer.size).toBe(cuts[index - 1])
      await write(writer, bytes.subarray(cuts[index - 1], cuts[index]))
      if (index === cuts.length - 1) await writer.commit()
      else await writer.close()
    }
    expect((await stored('/resumed')).equals(bytes)).toBe(true)
    expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual(['resumed'])
  })
})
