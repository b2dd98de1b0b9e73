import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { always, matching } from '@longshore/local-cloud'
import type { StorageDriver } from '@longshore/middleware-core'
import { build, run } from './child.ts'
import { content, mebibyte, useFixture, write } from './cloud.ts'
import { smallPartDriver } from './small-parts.ts'

const bench = useFixture()

/** 5 GiB take half a minute, and as much room in the temporary folder. */
const isFull = process.env['LONGSHORE_TEST_LARGE'] === '1'
/** What the child writes at a time. The object is larger than 5 GiB by it: too large for a copy in one. */
const chunkOfChild = 65_536
const [size, title] = isFull
  ? [5 * 1024 * mebibyte + chunkOfChild, '5 GiB']
  : [128 * mebibyte + chunkOfChild, '128 MiB (LONGSHORE_TEST_LARGE=1 makes it 5 GiB)']

describe(`an object of ${title}`, () => {
  beforeAll(build)

  it('is written, moved, read at offsets and deleted', async () => {
    // Signature V2 leaves the hashing of bodies out, which would be most of the time.
    const options = { v4Auth: false, chunkSize: (isFull ? 64 : 5) * mebibyte }
    await run(bench.cloud, 'stream', '/large', [size], options)
    expect(bench.cloud.s3.requests.counts()['UploadPart']).toBeGreaterThan(20)
    await bench.driver.move('/large', '/moved')
    expect(bench.bucket.keys()).not.toContain('large')
    expect(await bench.driver.stat('/moved')).toMatchObject({ size })
    for (const offset of [size - 1, size - 3 * mebibyte]) {
      const read = await (await bench.driver.reader('/moved', { offset })).toArray()
      expect(Buffer.concat(read).equals(Buffer.alloc(size - offset, 'x'))).toBe(true)
    }
    await bench.driver.delete('/moved')
    await bench.driver.delete('/warm-up')
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })
})

describe('an object of more than 10,000 chunks', () => {
  const chunk = 1000
  const bytes = content(10_500 * chunk)

  function driver(partSizing: 'growing' | 'equal'): StorageDriver {
    bench.cloud.s3.quirks.minPartBytes = chunk
    return smallPartDriver(bench.cloud, chunk, { partSizing, uploadConcurrency: 16 })
  }

  it('is written, continued, moved, read at offsets and deleted where parts grow', async () => {
    await using storage = driver('growing')
    const first = await storage.writer('/large')
    await write(first, bytes.subarray(0, 4_000_001))
    await first.close()
    const second = await storage.writer('/large', { append: true })
    expect(second.size).toBe(4_000_001)
    await write(second, bytes.subarray(second.size))
    await second.commit()
    // 1,000 parts of one chunk, 1,000 of two, and so on.
    expect(bench.cloud.s3.requests.count('UploadPart')).toBeLessThan(4200)
    await storage.move('/large', '/moved')
    // A copy is cut into as many parts as there may be, not into chunks.
    expect(bench.cloud.s3.requests.count('UploadPartCopy')).toBe(10_000)
    expect(digest(await storage.getContent('/moved'))).toBe(digest(bytes))
    for (const offset of [chunk, 10_000 * chunk + 1, bytes.length - 1]) {
      const read = Buffer.concat(await (await storage.reader('/moved', { offset })).toArray())
      expect(read.equals(bytes.subarray(offset))).toBe(true)
    }
    await storage.delete('/moved')
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })

  it('has as many parts as there may be where they are equal, and no more: what is there is committed by another driver', async () => {
    await using storage = driver('equal')
    const most = bytes.subarray(0, 10_000 * chunk)
    const writer = await storage.writer('/large')
    await write(writer, most)
    bench.cloud.s3.faults.add(
      matching({ operation: 'CompleteMultipartUpload' }, always({ kind: 'error', status: 403, code: 'AccessDenied' })),
    )
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    bench.cloud.s3.faults.clear()

    const second = await storage.writer('/large', { append: true })
    const writing = async (): Promise<void> => {
      await write(second, bytes.subarray(most.length))
      await second.commit()
    }
    await expect(writing()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/more than 10000 parts; use partsizing growing, or a larger chunksize/),
    })

    await using other = driver('equal')
    const third = await other.writer('/large', { append: true })
    expect(third.size).toBe(most.length)
    await third.commit()
    expect(digest(await storage.getContent('/large'))).toBe(digest(most))
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([['large'], []])
  })
})

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
