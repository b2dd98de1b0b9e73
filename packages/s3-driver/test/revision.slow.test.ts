import { describe, expect, it } from '@jest/globals'
import { UploadPartCommand } from '@aws-sdk/client-s3'
import { matching, nth } from '@longshore/local-cloud'
import type { FileWriter } from '@longshore/middleware-core'
import { content, part, until, useFixture, write } from './cloud.ts'
import { otherClient } from './other-program.ts'

const bench = useFixture()
const bytes = content(4 * part)
const path = '/uploads/1/data'

async function closed(size: number, append = false): Promise<FileWriter> {
  const writer = await bench.another().writer(path, { append })
  await write(writer, bytes.subarray(writer.size, size))
  await writer.close()
  return writer
}

const resumed = (): Promise<FileWriter> => bench.another().writer(path, { append: true })

/** Puts a part into the upload that is there, as a process would that works on it at the same time. */
async function putPart(PartNumber: number, Body: Uint8Array): Promise<void> {
  const [upload] = bench.bucket.uploads()
  const client = otherClient(bench.cloud)
  const target = { Bucket: bench.cloud.bucket, Key: path.slice(1), UploadId: upload!.uploadId }
  await client.send(new UploadPartCommand({ ...target, PartNumber, Body }))
  client.destroy()
}

const nextSecond = (): Promise<void> => {
  const now = Math.floor(Date.now() / 1000)
  return until(() => Math.floor(Date.now() / 1000) > now)
}

describe.each([
  ['without a part', 100],
  ['of parts', 2 * part + 100],
  ['of parts alone', 2 * part],
])('the revision of an upload %s', (_, size) => {
  it('is what its next writer finds, in any process', async () => {
    const { revision } = await closed(size)
    expect(revision).toEqual(expect.any(String))
    for (let round = 0; round < 2; round++) expect((await resumed()).revision).toBe(revision)
  })

  it('stays when nothing is written, and is another one when something is', async () => {
    const { revision } = await closed(size)
    expect((await closed(size, true)).revision).toBe(revision)
    const longer = await closed(size + 1, true)
    expect(longer.revision).toEqual(expect.any(String))
    expect(longer.revision).not.toBe(revision)
    expect((await resumed()).revision).toBe(longer.revision)
  })

  it('is another one for another upload of the same bytes', async () => {
    const { revision } = await closed(size)
    expect((await closed(size)).revision).not.toBe(revision)
  })

  it('costs no request', async () => {
    await closed(size)
    expect(bench.cloud.s3.requests.count('ListParts')).toBe(0)
    bench.cloud.s3.requests.reset()
    expect((await resumed()).revision).toEqual(expect.any(String))
    expect(bench.cloud.s3.requests.counts()).toEqual({ GetObject: 1, ...(size > part ? { ListParts: 1 } : {}) })
  })
})

describe('there is no revision', () => {
  it('while something is written that no close has stored', async () => {
    await closed(100)
    const writer = await resumed()
    await write(writer, bytes.subarray(100, 200))
    expect(writer.revision).toBeUndefined()
  })

  it('of an upload that was interrupted', async () => {
    const writer = await bench.driver.writer(path)
    await write(writer, bytes)
    await until(() => bench.bucket.uploads()[0]?.parts.length === 3)
    writer.destroy()
    await until(() => writer.closed)
    expect((await resumed()).revision).toBeUndefined()
  })

  it('when a writer that was interrupted since has added a part', async () => {
    const { revision } = await closed(part + 100)
    const writer = await resumed()
    expect(writer.revision).toBe(revision)
    await write(writer, bytes.subarray(part + 100))
    await until(() => bench.bucket.uploads()[0]?.parts.length === 3)
    writer.destroy()
    await until(() => writer.closed)
    expect((await resumed()).revision).toBeUndefined()
  })

  it('when another process has replaced a part', async () => {
    await closed(2 * part + 100)
    await putPart(1, content(part, 9))
    expect((await resumed()).revision).toBeUndefined()
  })

  it('when another process has replaced a part by one of the same ETag', async () => {
    await closed(2 * part + 100)
    await nextSecond()
    await putPart(2, bytes.subarray(part, 2 * part))
    expect((await resumed()).revision).toBeUndefined()
  })

  it('when another process has left a part behind a gap, until the next close', async () => {
    await closed(2 * part + 100)
    await putPart(7, content(part, 9))
    expect((await resumed()).revision).toBeUndefined()
    const { revision } = await closed(2 * part + 100, true)
    expect(revision).toEqual(expect.any(String))
    expect((await resumed()).revision).toBe(revision)
  })

  it('where a driver that wants equal parts goes on from fewer of them', async () => {
    const first = await bench.another({ chunkSize: 2 * part }).writer(path)
    await write(first, bytes.subarray(0, 2 * part + 1))
    await first.close()
    const { revision } = await closed(4 * part, true)
    expect((await resumed()).revision).toBe(revision)
    const writer = await bench.another({ partSizing: 'equal' }).writer(path, { append: true })
    expect([writer.size, writer.revision]).toEqual([2 * part, undefined])
  })
})

describe('a closed writer', () => {
  it('does not commit what another has recorded since', async () => {
    const first = await closed(100)
    await closed(200, true)
    await expect(first.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await (await resumed()).commit()
    expect((await bench.bucket.read(path.slice(1)))?.equals(bytes.subarray(0, 200))).toBe(true)
  })

  it('has its revision still when a commit has failed', async () => {
    const writer = await closed(2 * part + 100)
    const { revision } = writer
    bench.cloud.s3.faults.add(
      matching({ operation: 'CompleteMultipartUpload' }, nth(1, { kind: 'error', status: 503, code: 'SlowDown' })),
    )
    const impatient = await bench.another({ maxAttempts: 1 }).writer(path, { append: true })
    await expect(impatient.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(writer.revision).toBe(revision)
  })
})
