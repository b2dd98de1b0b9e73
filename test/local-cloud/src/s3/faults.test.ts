import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../../test/client.ts'
import { always, everyNth, matching, nth, startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
let s3: LocalS3
let client: S3Client

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  client = sdk(s3)
})
beforeEach(() => {
  s3.faults.clear()
  s3.bucket(Bucket).clear()
  s3.requests.reset()
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

function put(Key = 'k', Body = 'content') {
  return client.send(new PutObjectCommand({ Bucket, Key, Body }))
}

async function outcomes(count: number): Promise<string[]> {
  const found: string[] = []
  for (let index = 0; index < count; index++) {
    found.push(
      await put().then(
        () => 'ok',
        () => 'failed',
      ),
    )
  }
  return found
}

describe('which request', () => {
  it('can be the nth, one in n, or those that fit', async () => {
    const remove = s3.faults.add(nth(2, { kind: 'error' }))
    expect(await outcomes(4)).toEqual(['ok', 'failed', 'ok', 'ok'])
    remove()
    s3.faults.add(everyNth(3, { kind: 'error' }))
    expect(await outcomes(7)).toEqual(['ok', 'ok', 'failed', 'ok', 'ok', 'failed', 'ok'])
    s3.faults.clear()
    s3.faults.add(matching({ operation: ['GetObject', 'PutObject'], key: /^wrong/ }, nth(1, { kind: 'error' })))
    s3.faults.add(matching({ operation: 'HeadObject', method: 'HEAD', bucket: Bucket }, always({ kind: 'error' })))
    await put()
    expect(await failure(put('wrong'))).toEqual({ code: 'SlowDown', status: 503 })
    await put('wrong')
    expect((await failure(client.send(new HeadObjectCommand({ Bucket, Key: 'k' })))).status).toBe(503)
    expect(s3.requests.count('PutObject')).toBe(14)
    expect(s3.requests.counts()).toEqual({ PutObject: 14, HeadObject: 1 })
  })

  it('is survived by the retries of the SDK when it is one', async () => {
    const retrying = sdk(s3, { maxAttempts: 3 })
    s3.faults.add(nth(1, { kind: 'error' }))
    s3.faults.add(nth(1, { kind: 'reset', when: 'after' }))
    await retrying.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect(s3.requests.records.map(({ status }) => status)).toEqual([503, undefined, 200])
    retrying.destroy()
  })
})

describe('what goes wrong', () => {
  it.each(['before', 'after'] as const)('an error %s the operation', async when => {
    s3.faults.add(nth(1, { kind: 'error', status: 500, code: 'InternalError', when }))
    expect(await failure(put())).toEqual({ code: 'InternalError', status: 500 })
    expect(s3.bucket(Bucket).keys()).toEqual(when === 'before' ? [] : ['k'])
    expect(s3.requests.records[0]).toMatchObject({ status: 500, code: 'InternalError' })
  })

  it.each(['before', 'after'] as const)('a reset connection %s the operation', async when => {
    s3.faults.add(nth(1, { kind: 'reset', when }))
    await expect(put()).rejects.toThrow('ECONNRESET')
    expect(s3.bucket(Bucket).keys()).toEqual(when === 'before' ? [] : ['k'])
    expect(s3.requests.records[0]).toMatchObject({ operation: 'PutObject', status: undefined })
  })

  it('an answer that comes late, to a client that may have given up', async () => {
    s3.faults.add(nth(1, { kind: 'delay', milliseconds: 60_000, when: 'after' }))
    const abort = new AbortController()
    const given = client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }), { abortSignal: abort.signal })
    const ended = expect(given).rejects.toMatchObject({ name: 'AbortError' })
    while (s3.bucket(Bucket).keys().length === 0) await new Promise(resolve => setImmediate(resolve))
    abort.abort()
    await ended
    const started = performance.now()
    s3.faults.add(nth(1, { kind: 'delay', milliseconds: 50 }))
    await put()
    expect(performance.now() - started).toBeGreaterThanOrEqual(49)
  })

  it('an operation that would begin late, and never does when its client has given up', async () => {
    s3.faults.add(nth(1, { kind: 'delay', milliseconds: 500 }))
    await s3.bucket(Bucket).put('k', 'x')
    const abort = new AbortController()
    const given = client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }), { abortSignal: abort.signal })
    const ended = expect(given).rejects.toMatchObject({ name: 'AbortError' })
    while (s3.requests.count('DeleteObject') === 0) await new Promise(resolve => setImmediate(resolve))
    abort.abort()
    await ended
    // The operation would have begun by the time that another, which came later and waits as long, is done.
    s3.faults.add(nth(1, { kind: 'delay', milliseconds: 500 }))
    await client.send(new PutObjectCommand({ Bucket, Key: 'another', Body: 'x' }))
    expect(s3.bucket(Bucket).keys()).toContain('k')
  })

  it('a body that breaks off', async () => {
    await s3.bucket(Bucket).put('k', Buffer.alloc(1_000_000))
    s3.faults.add(matching({ operation: 'GetObject' }, nth(1, { kind: 'cut', bytes: 300_000 })))
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: undefined }))
    expect(answer.ContentLength).toBe(1_000_000)
    let received = 0
    const read = async () => {
      for await (const chunk of answer.Body as AsyncIterable<Buffer>) received += chunk.length
    }
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(received).toBe(300_000)
  })

  it.each(['before', 'after'] as const)('200 with an error in it, %s the operation', async when => {
    const created = { Bucket, Key: 'k', ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(created))
    const upload = { Bucket, Key: 'k', UploadId }
    const part = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
    s3.faults.add(
      matching({ operation: ['CompleteMultipartUpload', 'CopyObject'] }, nth(1, { kind: 'error-in-200', when })),
    )
    const complete = () => client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
    expect((await failure(complete())).code).toBe('InternalError')
    expect(s3.requests.records.at(-1)).toMatchObject({ status: 200, code: 'InternalError' })
    expect(s3.bucket(Bucket).keys()).toEqual(when === 'before' ? [] : ['k'])
    await complete()
    s3.faults.add(nth(1, { kind: 'error-in-200', when }))
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` })
    expect((await failure(client.send(copy))).code).toBe('InternalError')
    expect(s3.bucket(Bucket).keys()).toEqual(when === 'before' ? ['k'] : ['copy', 'k'])
  })
})

describe('the log', () => {
  it('keeps the last records, and counts all', async () => {
    const seen: string[] = []
    await using small = await startS3({
      buckets: [Bucket],
      keepRequests: 2,
      latency: 1,
      onRequest: record => seen.push(`${record.sequence} ${record.operation} ${record.key} ${record.status}`),
    })
    const other = sdk(small)
    for (const Key of ['1', '2', '3', '4', '5']) {
      await other.send(new PutObjectCommand({ Bucket, Key, Body: 'body', ACL: 'bucket-owner-full-control' }))
    }
    expect(small.requests.count()).toBe(5)
    expect(small.requests.records.map(({ key, bytesIn, status }) => [key, bytesIn, status])).toEqual([
      ['4', 4, 200],
      ['5', 4, 200],
    ])
    expect(seen.slice(0, 2)).toEqual(['1 PutObject 1 200', '2 PutObject 2 200'])
    other.destroy()
  })
})
