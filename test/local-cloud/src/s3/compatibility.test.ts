import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../../test/client.ts'
import { startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
let s3: LocalS3
let client: S3Client

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  // Parts without checksums, as the uploads here name no algorithm.
  client = sdk(s3, { requestChecksumCalculation: 'WHEN_REQUIRED' })
})
beforeEach(() => {
  s3.resetQuirks()
  s3.bucket(Bucket).clear()
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

async function upload(Key: string, sizes: number[]): Promise<() => Promise<unknown>> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const Parts: CompletedPart[] = []
  for (const [index, size] of sizes.entries()) {
    const PartNumber = index + 1
    const Body = Buffer.alloc(size)
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
    Parts.push({ PartNumber, ETag })
  }
  return () => client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
}

async function listed(): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  return Contents.map(({ Key }) => Key!)
}

async function uploadsUnder(Prefix: string): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))
  return Uploads.map(({ Key }) => Key!)
}

function putWithAcl(ACL?: 'private' | 'bucket-owner-full-control') {
  return client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...(ACL ? { ACL } : {}) }))
}

describe('quirks', () => {
  it('R2: wants equal parts', async () => {
    Object.assign(s3.quirks, { equalParts: true, minPartBytes: 1 })
    for (const sizes of [
      [2, 3, 1],
      [2, 2, 3],
    ]) {
      expect(await failure((await upload('k', sizes))())).toEqual({ code: 'InvalidPart', status: 400 })
    }
    for (const sizes of [[2, 2, 1], [2, 2, 2], [9]]) await (await upload('k', sizes))()
    s3.resetQuirks()
    s3.quirks.minPartBytes = 1
    await (
      await upload('k', [2, 3, 1])
    )()
  })

  it('has no DeleteObjects', async () => {
    s3.quirks.noDeleteObjects = true
    await s3.bucket(Bucket).put('k', 'x')
    const command = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'k' }] } })
    expect(await failure(client.send(command))).toEqual({ code: 'NotImplemented', status: 501 })
    expect(s3.bucket(Bucket).keys()).toEqual(['k'])
  })

  it('has no ListMultipartUploads, or only for an exact key', async () => {
    await upload('a', [1])
    await upload('ab', [1])
    expect(await uploadsUnder('a')).toEqual(['a', 'ab'])
    s3.quirks.uploadsByExactKey = true
    expect(await uploadsUnder('a')).toEqual(['a'])
    expect(await uploadsUnder('')).toEqual([])
    s3.quirks.noListMultipartUploads = true
    expect(await failure(uploadsUnder('a'))).toEqual({ code: 'NotImplemented', status: 501 })
  })

  it('MinIO: forgets completed uploads', async () => {
    s3.quirks.forgetsCompletedUploads = true
    const complete = await upload('k', [1])
    await complete()
    expect(await failure(complete())).toEqual({ code: 'NoSuchUpload', status: 404 })
    expect(s3.bucket(Bucket).info('k')?.size).toBe(1)
  })

  it('says that every list goes on, with a marker that stays', async () => {
    s3.quirks.alwaysTruncated = true
    await s3.bucket(Bucket).put('a', '')
    await s3.bucket(Bucket).put('b', '')
    await upload('k', [1])
    const page = (ContinuationToken?: string) => client.send(new ListObjectsV2Command({ Bucket, ContinuationToken }))
    const first = await page()
    const second = await page(first.NextContinuationToken)
    expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2 })
    expect(second).toMatchObject({ IsTruncated: true, KeyCount: 0, NextContinuationToken: first.NextContinuationToken })
    const v1 = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: 'b' }))
    expect(v1).toMatchObject({ IsTruncated: true, NextMarker: 'b' })
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    expect(uploads).toMatchObject({ IsTruncated: true, NextKeyMarker: 'k' })
    const markers = { KeyMarker: uploads.NextKeyMarker, UploadIdMarker: uploads.NextUploadIdMarker }
    const next = await client.send(new ListMultipartUploadsCommand({ Bucket, ...markers }))
    expect(next).toMatchObject({ IsTruncated: true, NextKeyMarker: 'k', NextUploadIdMarker: markers.UploadIdMarker })
    expect(next.Uploads).toBeUndefined()
    const { UploadId } = uploads.Uploads!.at(0)!
    const parts = (PartNumberMarker?: string) =>
      client.send(new ListPartsCommand({ Bucket, Key: 'k', UploadId, PartNumberMarker }))
    expect(await parts()).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' })
    expect(await parts('1')).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' })
  })

  it('begins lists with a page that is empty and truncated', async () => {
    s3.quirks.emptyFirstPage = true
    for (const key of ['a', 'b']) await s3.bucket(Bucket).put(key, '')
    await upload('k', [1])
    const page = (query: { ContinuationToken?: string | undefined; StartAfter?: string | undefined }) =>
      client.send(new ListObjectsV2Command({ Bucket, ...query }))
    for (const [StartAfter, keys] of [
      [undefined, ['a', 'b']],
      ['a', ['b']],
    ] as const) {
      const first = await page({ StartAfter })
      expect(first).toMatchObject({ IsTruncated: true, KeyCount: 0 })
      const second = await page({ StartAfter, ContinuationToken: first.NextContinuationToken })
      expect(second.IsTruncated).toBe(false)
      expect(second.Contents?.map(({ Key }) => Key)).toEqual(keys)
    }
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    const UploadId = Uploads!.at(0)!.UploadId
    const parts = (PartNumberMarker?: string) =>
      client.send(new ListPartsCommand({ Bucket, Key: 'k', UploadId, PartNumberMarker }))
    const first = await parts()
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '0' })
    expect(first.Parts).toBeUndefined()
    expect(await parts('0')).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 1 }] })
  })

  it('shows lists as they were some changes or some time ago', async () => {
    const bucket = s3.bucket(Bucket)
    await bucket.put('a', '1')
    await bucket.put('b', '1')
    s3.quirks.staleLists = { writes: 2 }
    expect(await listed()).toEqual([])
    await bucket.put('c', '1')
    bucket.delete('a')
    expect(await listed()).toEqual(['a', 'b'])
    await bucket.put('b', 'longer')
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'b' }))
    expect(Contents).toMatchObject([{ Key: 'b', Size: 1 }])
    expect(await listed()).toEqual(['a', 'b', 'c'])
    s3.quirks.staleLists = { milliseconds: 3_600_000 }
    expect(await listed()).toEqual([])
    s3.quirks.staleLists = undefined
    expect(await listed()).toEqual(['b', 'c'])
  })

  it('has ACLs, as old buckets do', async () => {
    expect(await failure(putWithAcl('private'))).toEqual({ code: 'AccessControlListNotSupported', status: 400 })
    await putWithAcl('bucket-owner-full-control')
    await putWithAcl()
    s3.bucketSettings.objectOwnership = 'ObjectWriter'
    await putWithAcl('private')
    s3.bucketSettings.objectOwnership = 'BucketOwnerEnforced'
  })
})
