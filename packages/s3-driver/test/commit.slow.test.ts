import { describe, expect, it } from '@jest/globals'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type Fault, always, everyNth, matching, nth } from '@longshore/local-cloud'
import { content, failure, part, until, useFixture, write } from './cloud.ts'
import { otherClient } from './other-program.ts'

const bench = useFixture()
const bytes = content(2 * part + 5)

async function upload(driver = bench.driver): Promise<void> {
  const writer = await driver.writer('/a')
  await write(writer, bytes)
  await writer.commit()
}

async function expectWhole(expected = bytes): Promise<void> {
  expect((await bench.bucket.read('a'))?.equals(expected)).toBe(true)
  expect(bench.bucket.keys()).toEqual(['a'])
  expect(bench.bucket.uploads()).toEqual([])
}

const uncertain: Record<string, Fault> = {
  'the connection broke after it took effect': { kind: 'reset', when: 'after' },
  'the connection broke before it took effect': { kind: 'reset', when: 'before' },
  'the answer was 500 although it took effect': { kind: 'error', status: 500, code: 'InternalError', when: 'after' },
  'the answer was 200 with an error in it': { kind: 'error-in-200', when: 'before' },
  'the answer was 200 with an error in it although it took effect': { kind: 'error-in-200', when: 'after' },
}

describe('a commit succeeds when', () => {
  for (const [what, fault] of Object.entries(uncertain)) {
    for (const forgets of [false, true]) {
      it(`${what}${forgets ? ', on a server that forgets completed uploads' : ''}`, async () => {
        bench.cloud.s3.quirks.forgetsCompletedUploads = forgets
        bench.cloud.s3.faults.add(matching({ operation: 'CompleteMultipartUpload' }, nth(1, fault)))
        await upload()
        await expectWhole()
      })
    }
  }

  it('every try took effect and every answer was lost', async () => {
    const fault: Fault = { kind: 'error', status: 500, code: 'InternalError', when: 'after' }
    bench.cloud.s3.faults.add(matching({ operation: 'CompleteMultipartUpload' }, always(fault)))
    await upload(bench.another({ maxAttempts: 2 }))
    await expectWhole()
  })

  it('its upload was created twice because the first answer was lost', async () => {
    bench.cloud.s3.faults.add(
      matching({ operation: 'CreateMultipartUpload' }, nth(1, { kind: 'reset', when: 'after' })),
    )
    await upload()
    // The first one holds no parts. Nothing but a listing tells it from the uploads of other writers.
    await expect(bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })).resolves.toEqual({
      uploads: 1,
    })
    await expectWhole()
  })

  it('the clean-up behind it fails', async () => {
    bench.cloud.s3.faults.add(
      matching({ operation: 'DeleteObject' }, always({ kind: 'error', status: 403, code: 'AccessDenied' })),
    )
    await upload()
    expect((await bench.bucket.read('a'))?.equals(bytes)).toBe(true)
  })
})

describe('a commit that fails', () => {
  const refusal: Fault = { kind: 'error', status: 403, code: 'AccessDenied' }
  for (const operation of ['CompleteMultipartUpload', 'UploadPart', 'CreateMultipartUpload']) {
    it(`at ${operation} shows nothing, and can be continued`, async () => {
      await bench.driver.putContent('/a', 'before')
      bench.cloud.s3.faults.add(matching({ operation }, nth(1, refusal)))
      await expect(upload()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      expect((await bench.bucket.read('a'))?.toString()).toBe('before')
      bench.cloud.s3.faults.clear()
      if (operation === 'CreateMultipartUpload') return
      const next = await bench.another().writer('/a', { append: true })
      if (operation === 'CompleteMultipartUpload') expect(next.size).toBe(bytes.length)
      await write(next, bytes.subarray(next.size))
      await next.commit()
      await expectWhole()
    })
  }

  it('keeps the last bytes when only they could not be sent', async () => {
    bench.cloud.s3.faults.add(({ operation, target }) =>
      operation === 'UploadPart' && target.includes('partNumber=3&') ? refusal : undefined,
    )
    await expect(upload()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    bench.cloud.s3.faults.clear()
    const next = await bench.another().writer('/a', { append: true })
    expect(next.size).toBe(bytes.length)
    await next.commit()
    await expectWhole()
  })

  it('never passes off an object of another upload as its own', async () => {
    const writer = await bench.driver.writer('/a')
    await write(writer, bytes)
    await writer.close()
    // Somebody else discards the upload and puts an object of the same size there.
    await (await bench.another().writer('/a', { append: true })).cancel()
    await bench.bucket.put('a', content(bytes.length, 2))
    await expect(writer.commit()).rejects.toMatchObject({ code: expect.anything() })
    expect((await bench.bucket.read('a'))?.equals(content(bytes.length, 2))).toBe(true)
  })
})

describe('a doubtful commit', () => {
  const never: Fault = { kind: 'error', status: 503, code: 'ServiceUnavailable' }

  async function completeElsewhere(parts: readonly Uint8Array[], isCompleted: boolean): Promise<void> {
    const client = otherClient(bench.cloud)
    const target = { Bucket: bench.cloud.bucket, Key: 'a' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
    const Parts = []
    for (const [index, Body] of parts.entries()) {
      const part = { ...target, UploadId: UploadId!, PartNumber: index + 1 }
      Parts.push({ PartNumber: index + 1, ETag: (await client.send(new UploadPartCommand({ ...part, Body }))).ETag! })
    }
    const complete = new CompleteMultipartUploadCommand({ ...target, UploadId: UploadId!, MultipartUpload: { Parts } })
    if (isCompleted) await client.send(complete)
    client.destroy()
  }

  it.each(['', ' that is gone'])(
    'of an upload without a token%s is not settled by an older object as large',
    async gone => {
      const older = content(2 * part, 7)
      await completeElsewhere([older.subarray(0, part), older.subarray(part)], true)
      await completeElsewhere([bytes.subarray(0, part), bytes.subarray(part, 2 * part)], false)
      const writer = await bench.another({ maxAttempts: 2 }).writer('/a', { append: true })
      expect(writer.size).toBe(2 * part)
      bench.cloud.s3.faults.add(
        matching({ operation: 'CompleteMultipartUpload' }, () =>
          gone ? { kind: 'error', status: 404, code: 'NoSuchUpload' } : never,
        ),
      )
      expect(await failure(writer.commit())).toMatchObject({ code: gone ? 'UPLOAD_NOT_FOUND' : 'UNAVAILABLE' })
      expect((await bench.bucket.read('a'))?.equals(older)).toBe(true)
      bench.cloud.s3.faults.clear()
      await (await bench.another().writer('/a', { append: true })).commit()
      expect((await bench.bucket.read('a'))?.equals(bytes.subarray(0, 2 * part))).toBe(true)
    },
  )

  it('of an upload without a token is settled by the object that its parts make', async () => {
    await completeElsewhere([bytes.subarray(0, part), bytes.subarray(part, 2 * part)], false)
    bench.cloud.s3.quirks.forgetsCompletedUploads = true
    bench.cloud.s3.faults.add(
      matching({ operation: 'CompleteMultipartUpload' }, always({ kind: 'error', status: 500, when: 'after' })),
    )
    await (await bench.another({ maxAttempts: 2 }).writer('/a', { append: true })).commit()
    await expectWhole(bytes.subarray(0, 2 * part))
  })

  it('is not settled by an object with its token and another size', async () => {
    const writer = await bench.another({ maxAttempts: 2 }).writer('/a')
    await write(writer, bytes)
    await writer.close()
    const checkpoint = (await bench.bucket.read('~uploads/a'))!
    const { token } = JSON.parse(checkpoint.subarray(0, checkpoint.indexOf('\n')).toString()) as { token: string }
    const client = otherClient(bench.cloud)
    const Metadata = { 'longshore-upload': token }
    await client.send(new PutObjectCommand({ Bucket: bench.cloud.bucket, Key: 'a', Body: 'another', Metadata }))
    client.destroy()
    bench.cloud.s3.faults.add(matching({ operation: 'CompleteMultipartUpload' }, always(never)))
    expect(await failure(writer.commit())).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('leaves the upload where it was when the server denies it after an attempt without an answer', async () => {
    let attempts = 0
    bench.cloud.s3.faults.add(
      matching({ operation: 'CompleteMultipartUpload' }, () =>
        ++attempts === 1 ? { kind: 'reset', when: 'before' } : { kind: 'error', status: 404, code: 'NoSuchUpload' },
      ),
    )
    const writer = await bench.driver.writer('/a')
    await write(writer, bytes)
    expect(await failure(writer.commit())).toMatchObject({ code: 'UNAVAILABLE' })
    bench.cloud.s3.faults.clear()
    await writer.commit()
    await expectWhole()
  })

  it('is waited for longer than any other request', async () => {
    bench.cloud.s3.faults.add(
      matching(
        { operation: 'CompleteMultipartUpload' },
        always({ kind: 'delay', milliseconds: 12_000, when: 'before' }),
      ),
    )
    await upload(bench.another({ requestTimeout: '5s' }))
    expect(bench.cloud.s3.requests.count('CompleteMultipartUpload')).toBe(1)
    await expectWhole()
  })
})

describe('aborting a commit', () => {
  it.each([{}, { destination: '/b' }])(
    'that takes effect all the same leaves nothing once it is cancelled: %p',
    async to => {
      const late = { kind: 'delay', milliseconds: 60_000, when: 'after' } as const
      bench.cloud.s3.faults.add(matching({ operation: 'CompleteMultipartUpload' }, always(late)))
      const writer = await bench.driver.writer('/a', to)
      await write(writer, bytes)
      const controller = new AbortController()
      const committing = failure(writer.commit({ signal: controller.signal }))
      await until(() => bench.bucket.keys().some(key => !key.startsWith('~uploads/')))
      controller.abort()
      await committing
      await writer.cancel()
      expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
    },
  )

  it('ends its requests, part uploads included, with the reason of the signal', async () => {
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, always({ kind: 'delay', milliseconds: 60_000 })))
    const writer = await bench.driver.writer('/a')
    await write(writer, bytes)
    const controller = new AbortController()
    const committing = failure(writer.commit({ signal: controller.signal }))
    const reason = new Error('the client left')
    controller.abort(reason)
    expect(await committing).toBe(reason)
    await writer.cancel()
    expect(bench.bucket.keys()).toEqual([])
  })
})

describe('on a server that', () => {
  it('refuses one request in ten with 503, uploads, moves and deletes succeed', async () => {
    bench.cloud.s3.faults.add(everyNth(10, { kind: 'error' }))
    for (let round = 0; round < 5; round++) {
      await upload()
      await bench.driver.move('/a', '/d/b')
      expect((await bench.bucket.read('d/b'))?.equals(bytes)).toBe(true)
      await bench.driver.delete('/d')
    }
    expect(bench.bucket.keys()).toEqual([])
  })

  it('says of every list that there is more, everything ends', async () => {
    bench.cloud.s3.quirks.alwaysTruncated = true
    const writer = await bench.driver.writer('/d/a')
    await write(writer, bytes)
    await writer.close()
    await (await bench.another().writer('/d/a', { append: true })).commit()
    expect(await bench.driver.list('/d')).toEqual(['/d/a'])
    const walked: string[] = []
    for await (const { path } of bench.driver.walk('/')) walked.push(path)
    expect(walked).toEqual(['/d', '/d/a'])
    await expect(bench.driver.stat('/e')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(bench.driver.purgeUploads({ olderThan: new Date() })).resolves.toEqual({ uploads: 0 })
    await bench.driver.delete('/d')
    expect(bench.bucket.keys()).toEqual([])
  })

  it('has no batch deletion, trees are deleted one by one', async () => {
    bench.cloud.s3.quirks.noDeleteObjects = true
    for (let index = 0; index < 50; index++) await bench.bucket.put(`d/${index}`, 'x')
    await bench.driver.delete('/d')
    expect(bench.bucket.keys()).toEqual([])
    expect(bench.cloud.s3.requests.count('DeleteObjects')).toBe(1)
  })

  it('lists late, uploads are still continued and files still found', async () => {
    bench.cloud.s3.quirks.staleLists = { writes: 100 }
    const writer = await bench.driver.writer('/a')
    await write(writer, bytes.subarray(0, part + 1))
    await writer.close()
    const next = await bench.another().writer('/a', { append: true })
    expect(next.size).toBe(part + 1)
    await write(next, bytes.subarray(next.size))
    await next.commit()
    await expect(bench.driver.stat('/a')).resolves.toMatchObject({ size: bytes.length })
    await bench.driver.delete('/a')
    expect(bench.bucket.keys()).toEqual([])
  })
})
