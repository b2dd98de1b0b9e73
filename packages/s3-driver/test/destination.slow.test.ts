import { describe, expect, it } from '@jest/globals'
import { type Fault, always, matching, nth } from '@longshore/local-cloud'
import type { FileWriter, StorageDriver } from '@longshore/middleware-core'
import { content, failure, part, until, useFixture, warmUp, write } from './cloud.ts'

const bench = useFixture()
const whole = content(2 * part + 5)
const small = content(100)
const destination = '/blobs/b'
/** So that what is copied is copied in parts. */
const inParts = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part }
const refused: Fault = { kind: 'error', status: 503, code: 'SlowDown' }

async function close(bytes: Uint8Array): Promise<void> {
  const writer = await bench.another().writer('/uploads/a')
  await write(writer, bytes)
  await writer.close()
}

/** Uploads with parts: begun with the destination, and begun without it, so that the parts are at the upload's own path. */
const begun: Record<string, (driver: StorageDriver) => Promise<FileWriter>> = {
  async 'begun for it'(driver) {
    const writer = await driver.writer('/uploads/a', { destination })
    await write(writer, whole)
    return writer
  },
  async 'begun without it'(driver) {
    await close(whole.subarray(0, part + 7))
    const writer = await driver.writer('/uploads/a', { append: true, destination })
    await write(writer, whole.subarray(writer.size))
    return writer
  },
}

/** Of files, not of what belongs to uploads. */
const visible = (): string[] => bench.bucket.keys().filter(key => !key.startsWith('~'))

async function commit(bytes: Uint8Array, driver: StorageDriver = bench.driver): Promise<void> {
  const writer = await driver.writer('/uploads/a', { destination })
  await write(writer, bytes)
  await writer.commit()
}

async function expectOnly(bytes: Buffer): Promise<void> {
  expect((await bench.bucket.read('blobs/b'))?.equals(bytes)).toBe(true)
  expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([['blobs/b'], []])
}

describe('a commit to another path', () => {
  it('copies again when the answer was lost and another object is in its place before that is noticed', async () => {
    bench.cloud.s3.quirks.forgetsCompletedUploads = true
    let completions = 0
    bench.cloud.s3.faults.add(({ operation, key }) => {
      if (operation !== 'CompleteMultipartUpload' || key !== 'blobs/b') return undefined
      completions += 1
      if (completions === 1) return { kind: 'reset', when: 'after' }
      // By another upload to the same destination, while this one tries again.
      if (completions === 2) void bench.bucket.put('blobs/b', content(7))
      return undefined
    })
    await commit(whole, bench.another(inParts))
    expect(completions).toBe(3)
    await expectOnly(whole)
  })

  it('is one PUT for an object of one part', async () => {
    await commit(small)
    expect(bench.cloud.s3.requests.counts()).toEqual({ PutObject: 1 })
    await expectOnly(small)
  })

  it('is one GET, one PUT and one DELETE for a small upload that was closed elsewhere', async () => {
    await close(small)
    bench.cloud.s3.requests.reset()
    const writer = await bench.driver.writer('/uploads/a', { append: true, destination })
    await writer.commit()
    expect(bench.cloud.s3.requests.counts()).toEqual({ GetObject: 1, PutObject: 1, DeleteObject: 1 })
    await expectOnly(small)
  })

  it('copies what has parts, without asking for its size', async () => {
    await commit(whole)
    expect(bench.cloud.s3.requests.counts()).toEqual({
      CreateMultipartUpload: 1,
      PutObject: 1,
      UploadPart: 3,
      CompleteMultipartUpload: 1,
      CopyObject: 1,
      DeleteObject: 2,
    })
    await expectOnly(whole)
  })

  it('copies what is large in parts', async () => {
    const driver = await warmUp(bench.another(inParts))
    bench.cloud.s3.requests.reset()
    await commit(whole, driver)
    expect(bench.cloud.s3.requests.counts()).toEqual({
      CreateMultipartUpload: 2,
      PutObject: 2,
      UploadPart: 3,
      UploadPartCopy: 3,
      CompleteMultipartUpload: 2,
      DeleteObject: 3,
    })
    await expectOnly(whole)
  })

  it('is for the writer that names it: the one that closed the upload need not', async () => {
    await close(whole.subarray(0, part + 7))
    const writer = await bench.driver.writer('/uploads/a', { append: true, destination })
    await write(writer, whole.subarray(writer.size))
    await writer.commit()
    await expectOnly(whole)
  })

  it('replaces what was there, and an empty file at its own path does not stand in its way', async () => {
    for (const bytes of [small, whole]) {
      await bench.bucket.put('blobs/b', 'before')
      await bench.bucket.put('uploads/a', '')
      const writer = await bench.driver.writer('/uploads/a', { append: true, destination })
      await write(writer, bytes)
      await writer.commit()
      expect((await bench.bucket.read('blobs/b'))?.equals(bytes)).toBe(true)
      const left = await bench.bucket.read('uploads/a')
      expect(left?.length ?? 0).toBe(0)
    }
  })

  it('is not disturbed by another to its own path at the same time', async () => {
    const writer = await begun['begun for it']!(bench.driver)
    const other = await bench.another().writer('/uploads/a')
    await write(other, content(part + 1, 2))
    await Promise.all([writer.commit(), other.commit()])
    expect(visible()).toEqual(['blobs/b', 'uploads/a'])
    expect((await bench.bucket.read('blobs/b'))?.equals(whole)).toBe(true)
    expect((await bench.bucket.read('uploads/a'))?.equals(content(part + 1, 2))).toBe(true)
  })

  it('never puts there what somebody else committed at its own path meanwhile', async () => {
    for (const [operation, options] of Object.entries({ CopyObject: {}, UploadPartCopy: inParts })) {
      for (const change of ['replaced', 'removed']) {
        const writer = await begun['begun without it']!(bench.another(options))
        // By the time that the first try is repeated.
        const happens = matching({ operation }, () => {
          if (change === 'removed') bench.bucket.delete('uploads/a')
          else void bench.bucket.put('uploads/a', 'another')
          return undefined
        })
        bench.cloud.s3.faults.add(happens)
        bench.cloud.s3.faults.add(matching({ operation }, nth(1, refused)))
        await expect(writer.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
        expect(visible()).toEqual(change === 'removed' ? [] : ['uploads/a'])
        bench.cloud.s3.faults.clear()
        bench.bucket.clear()
      }
    }
  })
})

describe.each(Object.entries(begun))('a commit of an upload %s that failed', (name, begin) => {
  for (const operation of ['CopyObject', 'DeleteObject']) {
    it(`at ${operation} goes on from there when it is called again`, async () => {
      const writer = await begin(await warmUp(bench.another({ maxAttempts: 1 })))
      bench.cloud.s3.faults.add(matching({ operation }, nth(1, refused)))
      await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      bench.cloud.s3.requests.reset()
      await writer.commit()
      const copies = operation === 'CopyObject' ? { CopyObject: 1 } : {}
      expect(bench.cloud.s3.requests.counts()).toEqual({ ...copies, DeleteObject: 2 })
      await expectOnly(whole)
    })
  }

  it('leaves nothing when it is cancelled', async () => {
    const writer = await begin(bench.another({ maxAttempts: 1 }))
    bench.cloud.s3.faults.add(matching({ operation: 'CopyObject' }, nth(1, refused)))
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await writer.cancel()
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })

  it('leaves what somebody else has put at its own path when it is cancelled', async () => {
    const writer = await begin(bench.another({ maxAttempts: 1 }))
    bench.cloud.s3.faults.add(matching({ operation: 'CopyObject' }, nth(1, refused)))
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await bench.bucket.put('uploads/a', 'another')
    await writer.cancel()
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([['uploads/a'], []])
  })

  it('in a process that is gone leaves a file at its own path that can be moved', async () => {
    const writer = await begin(bench.another({ maxAttempts: 1 }))
    bench.cloud.s3.faults.add(matching({ operation: 'CopyObject' }, nth(1, refused)))
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const next = bench.another()
    await expect(next.writer('/uploads/a', { append: true })).rejects.toMatchObject({ code: 'ALREADY_COMMITTED' })
    await next.move('/uploads/a', destination)
    await expectOnly(whole)
  })

  it('in a process that is gone leaves nothing to a purge but a file at its own path', async () => {
    const writer = await begin(bench.another({ maxAttempts: 1 }))
    bench.cloud.s3.faults.add(matching({ operation: 'CopyObject' }, nth(1, refused)))
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000), path: '/uploads' })
    expect(bench.bucket.keys()).toEqual(name === 'begun for it' ? [] : ['uploads/a'])
    expect(bench.bucket.uploads()).toEqual([])
  })

  it('because it was aborted ends with the reason, and can be cancelled', async () => {
    bench.cloud.s3.faults.add(matching({ operation: 'CopyObject' }, always({ kind: 'delay', milliseconds: 60_000 })))
    const writer = await begin(bench.driver)
    const controller = new AbortController()
    const reason = new Error('the client left')
    const committing = failure(writer.commit({ signal: controller.signal }))
    await until(() => bench.cloud.s3.requests.count('CopyObject') > 0)
    controller.abort(reason)
    expect(await committing).toBe(reason)
    await writer.cancel()
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })
})

describe('an upload that was begun for another path', () => {
  it.each([undefined, destination, '/blobs/c'])('and interrupted is continued to %s', async next => {
    const writer = await bench.driver.writer('/uploads/a', { destination })
    await write(writer, whole)
    await writer.close()
    const { revision } = writer
    expect(visible()).toEqual([])
    const continued = await bench.another().writer('/uploads/a', { append: true, destination: next })
    expect([continued.size, continued.revision]).toEqual([whole.length, revision])
    await continued.commit()
    expect(bench.bucket.keys()).toEqual([(next ?? '/uploads/a').slice(1)])
    expect((await bench.bucket.read(bench.bucket.keys()[0]!))?.equals(whole)).toBe(true)
    expect(bench.bucket.uploads()).toEqual([])
  })

  it('goes to its own path without a copy when that is known before its first part', async () => {
    const writer = await bench.driver.writer('/uploads/a', { destination })
    await write(writer, whole.subarray(0, 100))
    await writer.close()
    const continued = await bench.another().writer('/uploads/a', { append: true })
    await write(continued, whole.subarray(100))
    await continued.commit()
    expect(bench.cloud.s3.requests.count('CopyObject')).toBe(0)
    expect(bench.bucket.keys()).toEqual(['uploads/a'])
    expect((await bench.bucket.read('uploads/a'))?.equals(whole)).toBe(true)
  })

  it('is no upload of that path', async () => {
    const writer = await bench.driver.writer('/uploads/a', { destination })
    await write(writer, whole)
    await writer.close()
    const appending = bench.another().writer(destination, { append: true })
    await expect(appending).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    const olderThan = new Date(Date.now() + 60_000)
    await expect(bench.driver.purgeUploads({ olderThan, path: '/blobs' })).resolves.toEqual({ uploads: 0 })
    await expect(bench.driver.purgeUploads({ olderThan, path: '/uploads' })).resolves.toEqual({ uploads: 1 })
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })

  it.each(['/', '/uploads', '/uploads/a'])(
    'is found by a purge of %s when its checkpoint never arrived',
    async path => {
      bench.cloud.s3.faults.add(matching({ operation: 'PutObject' }, always({ kind: 'reset', when: 'before' })))
      const writer = await bench.another({ maxAttempts: 1 }).writer('/uploads/a', { destination })
      await write(writer, whole).catch(() => {})
      await until(() => bench.bucket.uploads().length === 1)
      writer.destroy()
      await until(() => writer.closed)
      bench.cloud.s3.faults.clear()
      const sweeping = bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000), path })
      await expect(sweeping).resolves.toEqual({ uploads: 1 })
      expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
    },
  )
})
