import { describe, expect, it } from '@jest/globals'
import { type Fault, type FaultRule, matching, nth } from '@longshore/local-cloud'
import type { FileWriter } from '@longshore/middleware-core'
import { content, failure, mebibyte, part, until, useFixture, write } from './cloud.ts'
import { uploadElsewhere } from './other-program.ts'

const bench = useFixture()
const bytes = content(4 * part + 3)
const path = '/repo/_uploads/1/data'
const key = path.slice(1)

/** The path's key, and that of its checkpoint. */
const ownKey = /^(?:~uploads\/)?repo\//

const denied: Fault = { kind: 'error', status: 403, code: 'AccessDenied' }

function uploadedParts(): number {
  return bench.bucket.uploads()[0]?.parts.length ?? 0
}

/** Leaves an upload as a crash would: whatever is under way is dropped, nothing is said to the server. */
async function abandon(writer: FileWriter): Promise<void> {
  writer.destroy()
  await until(() => writer.closed)
}

/** Leaves an upload as Distribution does: parts of these sizes, the last one of any. */
async function leaveParts(lengths: readonly number[]): Promise<Buffer> {
  const whole = content(
    lengths.reduce((sum, length) => sum + length, 0),
    4,
  )
  let at = 0
  const parts = lengths.map((length, index) => [index + 1, whole.subarray(at, (at += length))] as const)
  await uploadElsewhere(bench.cloud, key, Object.fromEntries(parts))
  return whole
}

/** Continues in another driver with what `size` says is missing, and commits. */
async function finish(expected: Buffer = bytes): Promise<void> {
  const writer = await bench.another().writer(path, { append: true })
  await write(writer, expected.subarray(writer.size))
  await writer.commit()
  await expectOnly(expected)
}

/** The object is whole, and nothing else is left in the bucket. */
async function expectOnly(expected: Buffer): Promise<void> {
  expect((await bench.bucket.read(key))?.equals(expected)).toBe(true)
  expect(bench.bucket.keys()).toEqual([key])
  expect(bench.bucket.uploads()).toEqual([])
}

describe('an upload that was abandoned', () => {
  it('is continued behind the parts that arrived', async () => {
    const writer = await bench.driver.writer(path)
    await write(writer, bytes.subarray(0, 3 * part + 1))
    await until(() => uploadedParts() === 3 && bench.bucket.keys().length === 1)
    await abandon(writer)
    const next = await bench.another().writer(path, { append: true })
    expect(next.size).toBe(3 * part)
    await write(next, bytes.subarray(next.size))
    await next.commit()
    await expectOnly(bytes)
  })

  it('is continued before a gap, and what lies behind the gap is never taken for new content', async () => {
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, failPart(2)))
    const first = await bench.driver.writer(path)
    await write(first, content(3 * part + 1, 99))
    await until(
      () =>
        bench.bucket
          .uploads()[0]
          ?.parts.map(({ number }) => number)
          .join() === '1,3',
    )
    await abandon(first)
    bench.cloud.s3.faults.clear()

    // The gap is filled with other content, and the upload breaks again before part 3 is replaced.
    const fresh = Buffer.concat([content(3 * part + 1, 99).subarray(0, part), bytes.subarray(part)])
    const second = await bench.another().writer(path, { append: true })
    expect(second.size).toBe(part)
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, failPart(3)))
    await write(second, fresh.subarray(part, 3 * part + 1))
    await until(() => uploadedParts() === 3)
    await abandon(second)
    bench.cloud.s3.faults.clear()

    const third = await bench.another().writer(path, { append: true })
    expect(third.size).toBe(2 * part)
    await third.close()
    await finish(fresh)
  })

  it('loses nothing of a close, however much was written after it', async () => {
    const first = await bench.driver.writer(path)
    await write(first, bytes.subarray(0, part + 7))
    await first.close()
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, () => denied))
    const second = await bench.another().writer(path, { append: true })
    await write(second, bytes.subarray(part + 7)).catch(() => {})
    await abandon(second)
    bench.cloud.s3.faults.clear()
    const third = await bench.another().writer(path, { append: true })
    expect(third.size).toBe(part + 7)
    await abandon(third)
    await finish()
  })

  it('does not repeat a tail that a later part took in', async () => {
    const first = await bench.driver.writer(path)
    await write(first, bytes.subarray(0, part + 7))
    await first.close()
    const second = await bench.another().writer(path, { append: true })
    await write(second, bytes.subarray(part + 7, 3 * part + 1))
    await until(() => uploadedParts() === 3)
    await abandon(second)
    const third = await bench.another().writer(path, { append: true })
    expect(third.size).toBe(3 * part)
    await abandon(third)
    await finish()
  })

  it('keeps a closed tail that is larger than the parts of the driver that continues it', async () => {
    const first = await bench.another({ chunkSize: 3 * part }).writer(path)
    await write(first, bytes.subarray(0, 2 * part + 9))
    await first.close()
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, () => denied))
    await failure(
      bench
        .another()
        .writer(path, { append: true })
        .then(writer => writer.commit()),
    )
    bench.cloud.s3.faults.clear()
    const third = await bench.another().writer(path, { append: true })
    expect(third.size).toBe(2 * part + 9)
    await abandon(third)
    await finish()
  })
})

describe('an upload of another program', () => {
  it('is continued behind its parts', async () => {
    await uploadElsewhere(bench.cloud, key, { 1: bytes.subarray(0, part), 2: bytes.subarray(part, 3 * part) })
    const writer = await bench.driver.writer(path, { append: true })
    expect(writer.size).toBe(3 * part)
    await writer.close()
    await finish()
  })

  const sizes: Record<string, number[]> = {
    'of 3 MB alone': [3_000_000],
    'of 5 MB behind larger ones': [10_000_000, 10_000_000, 5_000_000],
    'of some bytes behind larger ones': [part, 2 * part, 100],
    'of exactly a part': [part, part],
  }
  for (const [what, lengths] of Object.entries(sizes)) {
    for (const to of [{}, { destination: '/elsewhere' }]) {
      it(`is continued behind a last part ${what} ${JSON.stringify(to)}`, async () => {
        const left = await leaveParts(lengths)
        const expected = Buffer.concat([left, content(2 * part, 5)])
        const writer = await bench.driver.writer(path, { append: true, ...to })
        expect(writer.size).toBe(left.length)
        expect(bench.bucket.info(key)).toBeUndefined()
        await write(writer, expected.subarray(left.length, left.length + part))
        await writer.close()
        const next = await bench.another().writer(path, { append: true, ...to })
        expect(next.size).toBe(left.length + part)
        await write(next, expected.subarray(next.size))
        await next.commit()
        const at = to.destination?.slice(1) ?? key
        expect((await bench.bucket.read(at))?.equals(expected)).toBe(true)
        expect(bench.bucket.keys()).toEqual([at])
        expect(bench.bucket.uploads()).toEqual([])
      })
    }
  }

  it('is taken over whole where parts must be equal', async () => {
    const left = await leaveParts([2 * part, 2 * part, part + 1])
    bench.cloud.s3.quirks.equalParts = true
    const writer = await bench.another({ partSizing: 'equal' }).writer(path, { append: true })
    expect(writer.size).toBe(left.length)
    await writer.commit()
    await expectOnly(left)
  })

  it('leaves a file at its path alone until it is committed', async () => {
    await bench.bucket.put(key, 'before')
    const left = await leaveParts([part, 100])
    const writer = await bench.driver.writer(path, { append: true })
    expect((await bench.bucket.read(key))?.toString()).toBe('before')
    expect(writer.size).toBe(part)
    await write(writer, left.subarray(part))
    await writer.commit()
    await expectOnly(left)
  })

  it('is continued before parts that the server does not take where parts must be equal', async () => {
    await leaveParts([part, 2 * part, part])
    bench.cloud.s3.quirks.equalParts = true
    const writer = await bench.another({ partSizing: 'equal' }).writer(path, { append: true })
    expect(writer.size).toBe(part)
    await abandon(writer)
  })

  it('leaves a file alone that was put at its path when taking it over was interrupted', async () => {
    const left = await leaveParts([part, 100])
    bench.cloud.s3.faults.add(matching({ operation: 'CompleteMultipartUpload', key: ownKey }, () => denied))
    await failure(bench.another().writer(path, { append: true }))
    bench.cloud.s3.faults.clear()
    await bench.bucket.put(key, 'a file')
    const writer = await bench.another().writer(path, { append: true })
    expect((await bench.bucket.read(key))?.toString()).toBe('a file')
    expect(writer.size).toBe(part)
    await write(writer, left.subarray(part))
    await writer.commit()
    await expectOnly(left)
  })

  /** Requests of taking over, at the path's key or that of its checkpoint. */
  const steps: [string, number, 'before' | 'after'][] = [
    ['PutObject', 1, 'after'],
    ['CompleteMultipartUpload', 1, 'before'],
    ['CompleteMultipartUpload', 1, 'after'],
    ['CreateMultipartUpload', 1, 'after'],
    ['UploadPartCopy', 2, 'before'],
    ['PutObject', 2, 'before'],
    ['PutObject', 2, 'after'],
    ['DeleteObject', 1, 'before'],
    ['DeleteObject', 1, 'after'],
  ]
  for (const [operation, count, when] of steps) {
    const moment = `${when} ${operation} ${count}`
    it(`is taken over whole where the first to do so stops ${moment}`, async () => {
      const left = await leaveParts([part, part + 1, 100])
      let isStopped = false
      const stop: FaultRule = matching(
        { operation },
        nth(count, { kind: 'error', status: 403, code: 'AccessDenied', when }),
      )
      // A process that ends sends nothing more.
      bench.cloud.s3.faults.add(request => {
        if (isStopped) return denied
        const fault = stop(request)
        isStopped = fault !== undefined
        return fault
      })
      await failure(bench.another().writer(path, { append: true }))
      expect(isStopped).toBe(true)
      bench.cloud.s3.faults.clear()
      const writer = await bench.another().writer(path, { append: true })
      expect(writer.size).toBe(left.length)
      await writer.commit()
      expect((await bench.bucket.read(key))?.equals(left)).toBe(true)
      await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
      await expectOnly(left)
    })

    it(`leaves nothing for a purge where the first to take it over stops ${moment}`, async () => {
      await leaveParts([part, part + 1, 100])
      bench.cloud.s3.faults.add(
        matching({ operation, key: ownKey }, nth(count, { kind: 'error', status: 403, code: 'AccessDenied', when })),
      )
      await failure(bench.another().writer(path, { append: true }))
      bench.cloud.s3.faults.clear()
      await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
      expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
    })
  }

  it('keeps its leftovers behind a gap out, even when it is interrupted again', async () => {
    await uploadElsewhere(bench.cloud, key, { 1: bytes.subarray(0, part), 3: content(part, 7) })
    const writer = await bench.driver.writer(path, { append: true })
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, failPart(3)))
    await write(writer, bytes.subarray(part, 3 * part + 1))
    await until(() => uploadedParts() === 3)
    await abandon(writer)
    bench.cloud.s3.faults.clear()
    await finish()
  })

  it('is the latest when several were left', async () => {
    await uploadElsewhere(bench.cloud, key, { 1: content(part, 50) })
    await uploadElsewhere(bench.cloud, key, { 1: bytes.subarray(0, part) })
    const writer = await bench.driver.writer(path, { append: true })
    await write(writer, bytes.subarray(writer.size))
    await writer.commit()
    expect((await bench.bucket.read(key))?.equals(bytes)).toBe(true)
    await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    expect(bench.bucket.uploads()).toEqual([])
  })

  it('counts only for exactly its key', async () => {
    await uploadElsewhere(bench.cloud, `${key}-2`, { 1: bytes.subarray(0, part) })
    await uploadElsewhere(bench.cloud, `${key}/2`, { 1: bytes.subarray(0, part) })
    await expect(bench.driver.writer(path, { append: true })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await bench.driver.putContent(path, '')
    const writer = await bench.driver.writer(path, { append: true })
    expect(writer.size).toBe(0)
    await write(writer, Buffer.from('now'))
    await writer.commit()
    expect((await bench.bucket.read(key))?.toString()).toBe('now')
    expect(bench.bucket.uploads()).toHaveLength(2)
  })

  it('cannot be seen on a server that does not list uploads, and does no harm there', async () => {
    await uploadElsewhere(bench.cloud, key, { 1: bytes.subarray(0, part) })
    bench.cloud.s3.quirks.noListMultipartUploads = true
    await expect(bench.driver.writer(path, { append: true })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(bench.driver.purgeUploads({ olderThan: new Date() })).resolves.toEqual({ uploads: 0 })
  })
})

describe('cancel', () => {
  const sizes = { 'before a part is full': 10, 'with parts under way': 3 * part }
  for (const [when, size] of Object.entries(sizes)) {
    it(`leaves nothing, ${when}`, async () => {
      const writer = await bench.driver.writer(path)
      await write(writer, bytes.subarray(0, size))
      await writer.cancel()
      expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
    })

    it(`leaves nothing of an upload that was closed and continued, ${when}`, async () => {
      const writer = await bench.driver.writer(path)
      await write(writer, bytes.subarray(0, size))
      await writer.close()
      await (await bench.another().writer(path, { append: true })).cancel()
      expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
    })
  }

  const lost: Record<string, Fault> = {
    'was lost once': { kind: 'reset', when: 'after' },
    'came too late': { kind: 'delay', milliseconds: 60_000, when: 'after' },
  }
  for (const [what, fault] of Object.entries(lost)) {
    it(`leaves no more than a purge removes, and no part, when the answer to the upload's creation ${what}`, async () => {
      bench.cloud.s3.faults.add(matching({ operation: 'CreateMultipartUpload' }, nth(1, fault)))
      const writer = await bench.driver.writer(path)
      await write(writer, bytes.subarray(0, part + 1))
      await until(() => bench.bucket.uploads().length > 0)
      if (what === 'was lost once') await until(() => uploadedParts() > 0 || bench.bucket.uploads().length > 1)
      await writer.cancel()
      bench.cloud.s3.faults.clear()
      await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
      expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
    })

    it(`leaves another writer's upload alone when the answer to the creation of its own ${what}`, async () => {
      const other = await bench.another().writer(path)
      await write(other, bytes.subarray(0, part + 1))
      await until(() => bench.bucket.uploads().length > 0)
      bench.cloud.s3.faults.add(matching({ operation: 'CreateMultipartUpload' }, nth(1, fault)))
      const writer = await bench.driver.writer(path)
      await write(writer, bytes.subarray(0, part + 1))
      await until(() => bench.bucket.uploads().length > 1)
      await writer.cancel()
      await other.commit()
      expect((await bench.bucket.read(path.slice(1)))?.equals(bytes.subarray(0, part + 1))).toBe(true)
    })
  }
})

describe('purge', () => {
  it('discards what was left before a moment, recorded or not, and nothing later', async () => {
    const closed = await bench.driver.writer('/a/1')
    await write(closed, bytes.subarray(0, part + 1))
    await closed.close()
    const tail = await bench.driver.writer('/a/2')
    await write(tail, bytes.subarray(0, 9))
    await tail.close()
    await uploadElsewhere(bench.cloud, 'a/3', { 1: bytes.subarray(0, mebibyte) })
    await uploadElsewhere(bench.cloud, 'b/4', {})
    await expect(bench.driver.purgeUploads({ olderThan: new Date(Date.now() - 60_000) })).resolves.toEqual({
      uploads: 0,
    })
    expect(bench.bucket.uploads()).toHaveLength(3)
    const olderThan = new Date(Date.now() + 60_000)
    await expect(bench.driver.purgeUploads({ olderThan, path: '/a' })).resolves.toEqual({ uploads: 3 })
    expect(bench.bucket.keys()).toEqual([])
    expect(bench.bucket.uploads().map(upload => upload.key)).toEqual(['b/4'])
  })
})

/** Refuses every try of part `number`. */
function failPart(number: number): (request: { target: string }) => Fault | undefined {
  return ({ target }) => (target.includes(`partNumber=${number}&`) ? denied : undefined)
}
