import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from '@jest/globals'
import { content, mebibyte, part, useFixture, warmUp, write } from './cloud.ts'

const bench = useFixture()

async function stored(path: string): Promise<Buffer> {
  return Buffer.from(await bench.driver.getContent(path))
}

describe('a small object', () => {
  it('is one request, however many writes it took', async () => {
    const writer = await bench.driver.writer('/small')
    for (let index = 0; index < 100; index++) await write(writer, Buffer.from(`line ${index}\n`))
    await writer.commit()
    expect(bench.cloud.s3.requests.counts()).toEqual({ PutObject: 1 })
    expect((await stored('/small')).toString()).toMatch(/^line 0\n[^]*line 99\n$/)
  })

  it('costs three requests more when it is closed and committed elsewhere', async () => {
    const other = await warmUp(bench.another())
    bench.cloud.s3.requests.reset()
    const first = await bench.driver.writer('/small')
    await write(first, Buffer.from('one '))
    await first.close()
    const second = await other.writer('/small', { append: true })
    expect(second.size).toBe(4)
    await write(second, Buffer.from('two'))
    await second.commit()
    expect(bench.cloud.s3.requests.counts()).toEqual({ PutObject: 2, GetObject: 1, DeleteObject: 1 })
    expect((await stored('/small')).toString()).toBe('one two')
    expect(bench.bucket.keys()).toEqual(['small'])
  })

  it('of exactly one part is still one request', async () => {
    const bytes = content(part)
    const writer = await bench.driver.writer('/exact')
    await pipeline([bytes], writer, { end: false })
    await writer.commit()
    expect(bench.cloud.s3.requests.counts()).toEqual({ PutObject: 1 })
    expect((await stored('/exact')).equals(bytes)).toBe(true)
  })
})

describe('a large object', () => {
  it('goes up in equal parts and leaves nothing behind', async () => {
    const bytes = content(17 * mebibyte)
    const writer = await bench.driver.writer('/large')
    const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 6_000_000), bytes.subarray(6_000_000)]
    await pipeline(pieces, writer, { end: false })
    expect(bench.bucket.keys()).not.toContain('large')
    await writer.commit()
    expect((await stored('/large')).equals(bytes)).toBe(true)
    expect(bench.cloud.s3.requests.counts()).toMatchObject({
      CreateMultipartUpload: 1,
      UploadPart: 4,
      CompleteMultipartUpload: 1,
    })
    expect(bench.bucket.keys()).toEqual(['large'])
    expect(bench.bucket.uploads()).toEqual([])
  })

  it('can be continued from every close, by other drivers, with equal parts even then', async () => {
    bench.cloud.s3.quirks.equalParts = true
    const bytes = content(23 * mebibyte)
    const cuts = [0, 1, 3 * mebibyte, 9 * mebibyte, 9 * mebibyte + 1, 16 * mebibyte, 23 * mebibyte]
    for (let index = 1; index < cuts.length; index++) {
      const writer = await bench.another().writer('/resumed', { append: index > 1 })
      expect(writer.size).toBe(cuts[index - 1])
      await write(writer, bytes.subarray(cuts[index - 1], cuts[index]))
      if (index === cuts.length - 1) await writer.commit()
      else await writer.close()
    }
    expect((await stored('/resumed')).equals(bytes)).toBe(true)
    expect(bench.bucket.keys()).toEqual(['resumed'])
  })

  it('keeps the size of its first part when another driver, with other chunks, continues it in equal parts', async () => {
    bench.cloud.s3.quirks.equalParts = true
    const bytes = content(25 * mebibyte)
    const first = await bench.driver.writer('/resumed')
    await write(first, bytes.subarray(0, 12 * mebibyte))
    await first.close()
    const other = bench.another({ chunkSize: 8 * mebibyte, partSizing: 'equal' })
    const second = await other.writer('/resumed', { append: true })
    await write(second, bytes.subarray(second.size))
    await second.commit()
    expect((await stored('/resumed')).equals(bytes)).toBe(true)
  })
})
