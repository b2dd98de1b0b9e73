import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../../test/client.ts'
import { startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
const MIB = 1024 * 1024
let s3: LocalS3
let client: S3Client

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  client = sdk(s3, { requestChecksumCalculation: 'WHEN_REQUIRED' })
})
beforeEach(() => {
  s3.bucket(Bucket).clear()
  s3.resetQuirks()
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

async function create(Key: string, rest: object = {}): Promise<string> {
  return (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...rest }))).UploadId!
}

async function part(Key: string, UploadId: string, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
  const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
  return { PartNumber, ETag }
}

function complete(Key: string, UploadId: string, Parts: CompletedPart[], rest: object = {}) {
  return client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...rest }))
}

describe('multipart upload', () => {
  it('makes one object of parts, in the order of their numbers, visible only when complete', async () => {
    const contents = [Buffer.alloc(5 * MIB, 1), Buffer.alloc(6 * MIB, 2), Buffer.from('tail')]
    const UploadId = await create('k', {
      ContentType: 'text/plain',
      Metadata: { m: '1' },
      ServerSideEncryption: 'AES256',
    })
    const parts = await Promise.all(contents.map((content, index) => part('k', UploadId, index * 7 + 1, content)))
    expect((await failure(client.send(new HeadObjectCommand({ Bucket, Key: 'k' })))).status).toBe(404)
    const answer = await complete('k', UploadId, parts, { MpuObjectSize: 11 * MIB + 4 })
    const digests = contents.map(content => createHash('md5').update(content).digest())
    const etag = `${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-3`
    expect(answer).toMatchObject({ ETag: `"${etag}"`, ServerSideEncryption: 'AES256' })
    expect(s3.bucket(Bucket).info('k')).toMatchObject({
      size: 11 * MIB + 4,
      headers: { 'content-type': 'text/plain', 'x-amz-meta-m': '1' },
    })
    const range = `bytes=${5 * MIB - 1}-${11 * MIB}`
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'k', Range: range }))
    const bytes = Buffer.from(await got.Body!.transformToByteArray())
    expect(bytes.equals(Buffer.concat([Buffer.from([1]), contents[1]!, Buffer.from('t')]))).toBe(true)
    expect(s3.bucket(Bucket).uploads()).toEqual([])
  })

  it('gives a copy the ETag of its whole content', async () => {
    s3.quirks.minPartBytes = 1
    const UploadId = await create('k')
    const parts = [await part('k', UploadId, 1, Buffer.from('a')), await part('k', UploadId, 2, Buffer.from('b'))]
    await complete('k', UploadId, parts)
    const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }))
    expect(copied.CopyObjectResult?.ETag).toBe(`"${createHash('md5').update('ab').digest('hex')}"`)
  })

  it('answers an identical completion again, and no other', async () => {
    const UploadId = await create('k')
    const parts = [await part('k', UploadId, 1, Buffer.from('a')), await part('k', UploadId, 2, Buffer.from('b'))]
    s3.quirks.minPartBytes = 1
    const first = await complete('k', UploadId, parts)
    expect((await complete('k', UploadId, parts)).ETag).toBe(first.ETag)
    expect(await failure(complete('k', UploadId, parts.slice(0, 1)))).toEqual({ code: 'NoSuchUpload', status: 404 })
  })

  it('refuses wrong completions and keeps the upload', async () => {
    const UploadId = await create('k')
    const small = await part('k', UploadId, 1, Buffer.from('small'))
    const last = await part('k', UploadId, 2, Buffer.from('last'))
    const codes = await Promise.all(
      [
        complete('k', UploadId, [small, last]),
        complete('k', UploadId, [last, small]),
        complete('k', UploadId, [{ ...last, ETag: '"00"' }]),
        complete('k', UploadId, [{ ...last, PartNumber: 3 }]),
        complete('k', UploadId, [last], { MpuObjectSize: 5 }),
        complete('k', UploadId, []),
        complete('other', UploadId, [last]),
        complete('k', 'nonsense', [last]),
      ].map(async sent => (await failure(sent)).code),
    )
    expect(codes).toEqual([
      'EntityTooSmall',
      'InvalidPartOrder',
      'InvalidPart',
      'InvalidPart',
      'InvalidRequest',
      'MalformedXML',
      'NoSuchUpload',
      'NoSuchUpload',
    ])
    expect(s3.bucket(Bucket).uploads()).toMatchObject([{ key: 'k', parts: [{ number: 1 }, { number: 2 }] }])
    await s3.bucket(Bucket).put('k', 'there')
    expect((await failure(complete('k', UploadId, [last], { IfNoneMatch: '*' }))).status).toBe(412)
    await complete('k', UploadId, [last])
  })

  it('wants the checksums again where the upload was created with an algorithm', async () => {
    const checking = sdk(s3)
    const { UploadId } = await checking.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'k', ChecksumAlgorithm: 'CRC32' }),
    )
    const upload = { Bucket, Key: 'k', UploadId, PartNumber: 1 }
    const { ETag, ChecksumCRC32 } = await checking.send(new UploadPartCommand({ ...upload, Body: 'checked' }))
    const finish = (Part: CompletedPart) =>
      checking.send(
        new CompleteMultipartUploadCommand({ Bucket, Key: 'k', UploadId, MultipartUpload: { Parts: [Part] } }),
      )
    expect(await failure(finish({ PartNumber: 1, ETag }))).toEqual({ code: 'InvalidRequest', status: 400 })
    expect((await failure(finish({ PartNumber: 1, ETag, ChecksumCRC32: 'AAAAAA==' }))).code).toBe('InvalidPart')
    expect((await finish({ PartNumber: 1, ETag, ChecksumCRC32 })).ChecksumCRC32).toMatch(/^.{8}-1$/)
    checking.destroy()
  })

  it('copies parts, whole or a range, of objects that may go away then', async () => {
    const source = Buffer.concat([Buffer.alloc(4 * MIB, 'a'), Buffer.alloc(4 * MIB, 'b')])
    await s3.bucket(Bucket).put('source ü', source)
    await s3.bucket(Bucket).put('small', 'small')
    const UploadId = await create('k')
    const copy = async (PartNumber: number, key: string, CopySourceRange?: string): Promise<CompletedPart> => {
      const CopySource = `/${Bucket}/${encodeURIComponent(key)}`
      const answer = await client.send(
        new UploadPartCopyCommand({ Bucket, Key: 'k', UploadId, PartNumber, CopySource, CopySourceRange }),
      )
      return { PartNumber, ETag: answer.CopyPartResult!.ETag }
    }
    const parts = [
      await copy(1, 'source ü', `bytes=${MIB}-${6 * MIB - 1}`),
      await copy(2, 'source ü'),
      await copy(3, 'small'),
    ]
    expect((await failure(copy(4, 'source ü', `bytes=0-${8 * MIB}`))).code).toBe('InvalidArgument')
    expect((await failure(copy(4, 'source ü', 'bytes=5-'))).code).toBe('InvalidArgument')
    expect((await failure(copy(4, 'small', 'bytes=0-1'))).code).toBe('InvalidRequest')
    expect((await failure(copy(10_001, 'small'))).code).toBe('InvalidArgument')
    s3.bucket(Bucket).delete('source ü')
    await complete('k', UploadId, parts)
    const whole = Buffer.concat([source.subarray(MIB, 6 * MIB), source, Buffer.from('small')])
    expect((await s3.bucket(Bucket).read('k'))!.equals(whole)).toBe(true)
  })

  it('replaces a part that is sent again, and forgets all of an aborted upload', async () => {
    const UploadId = await create('k')
    await part('k', UploadId, 1, Buffer.from('old'))
    await part('k', UploadId, 1, Buffer.from('newer'))
    expect(s3.bucket(Bucket).uploads()[0]?.parts).toMatchObject([{ number: 1, size: 5 }])
    const abort = () => client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'k', UploadId }))
    await abort()
    expect(await failure(abort())).toEqual({ code: 'NoSuchUpload', status: 404 })
    expect((await failure(part('k', UploadId, 1, Buffer.from('x')))).code).toBe('NoSuchUpload')
  })

  it('takes part numbers up to 10,000', async () => {
    s3.quirks.minPartBytes = 1
    const UploadId = await create('k')
    const numbers = Array.from({ length: 500 }, (_, index) => (index + 1) * 20)
    const parts = await Promise.all(numbers.map(number => part('k', UploadId, number, Buffer.from('x'))))
    await complete('k', UploadId, parts)
    expect(s3.bucket(Bucket).info('k')).toMatchObject({ size: 500, etag: expect.stringMatching(/-500$/) })
  })
})

describe('lists of uploads and parts', () => {
  it('pages parts by number', async () => {
    const UploadId = await create('k')
    for (const number of [3, 1, 20, 2]) await part('k', UploadId, number, Buffer.from('x'))
    const list = (PartNumberMarker?: string) =>
      client.send(new ListPartsCommand({ Bucket, Key: 'k', UploadId, MaxParts: 3, PartNumberMarker }))
    const first = await list()
    expect(first.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([1, 2, 3])
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '3' })
    const second = await list(first.NextPartNumberMarker)
    expect(second.Parts).toMatchObject([{ PartNumber: 20, Size: 1 }])
    expect(second.IsTruncated).toBe(false)
  })

  it('pages uploads by key, then by time', async () => {
    const created: string[] = []
    for (const key of ['b', 'a/2', 'a/1', 'b', 'b']) created.push(`${key} ${await create(key)}`)
    const [b1, a2, a1, b2, b3] = created
    const expected = [a1, a2, b1, b2, b3]
    const all = async (MaxUploads: number, rest: object = {}) => {
      const found: string[] = []
      let KeyMarker: string | undefined
      let UploadIdMarker: string | undefined
      for (let pages = 0; pages < 10; pages++) {
        const page = await client.send(
          new ListMultipartUploadsCommand({ Bucket, MaxUploads, KeyMarker, UploadIdMarker, ...rest }),
        )
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!))
        found.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => `${Key} ${UploadId}`))
        if (!page.IsTruncated) return found
        KeyMarker = page.NextKeyMarker
        UploadIdMarker = page.NextUploadIdMarker
      }
      throw new Error('the list has no end')
    }
    expect(await all(1000)).toEqual(expected)
    expect(await all(1)).toEqual(expected)
    expect(await all(2)).toEqual(expected)
    expect(await all(1, { Prefix: 'a/' })).toEqual(expected.slice(0, 2))
    expect(await all(1, { Delimiter: '/' })).toEqual(['a/', ...expected.slice(2)])
    // Without the upload id marker the marker's key is done with.
    const after = await client.send(new ListMultipartUploadsCommand({ Bucket, KeyMarker: 'a/1' }))
    expect(after.Uploads?.map(({ Key }) => Key)).toEqual(['a/2', 'b', 'b', 'b'])
  })
})
