import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { ChecksumAlgorithm, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, loopbackAgent, sdk, until } from '../../test/client.ts'
import { startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
let s3: LocalS3
let client: S3Client

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  client = sdk(s3)
})
beforeEach(() => {
  s3.bucket(Bucket).clear()
  s3.requests.reset()
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

async function body(Key: string, Range?: string): Promise<Buffer> {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...(Range ? { Range } : {}) }))
  return Buffer.from(await answer.Body!.transformToByteArray())
}

function md5(content: Uint8Array | string): string {
  return createHash('md5').update(content).digest('hex')
}

describe('putting and getting', () => {
  it('round-trips keys and contents of every kind', async () => {
    const contents = {
      empty: Buffer.alloc(0),
      'a b/ü+(1)!*\'"&<>%/~x': Buffer.from('text'),
      '/leading//double/': Buffer.from('slashes'),
      '漢字/😀': Buffer.from([0x80, 0x00, 0xff]),
      large: Buffer.alloc(3_000_000, 'large'),
    }
    for (const [Key, Body] of Object.entries(contents)) {
      const put = await client.send(new PutObjectCommand({ Bucket, Key, Body }))
      expect(put.ETag).toBe(`"${md5(Body)}"`)
      expect((await body(Key)).equals(Body)).toBe(true)
      expect((await s3.bucket(Bucket).read(Key))!.equals(Body)).toBe(true)
    }
    expect(new Set(s3.bucket(Bucket).keys())).toEqual(new Set(Object.keys(contents)))
  })

  it('decodes the chunked bodies that the SDK sends for streams, and checks their trailing checksum', async () => {
    const pieces = [Buffer.alloc(1), Buffer.alloc(700_000, 'a'), Buffer.alloc(99, 'b')]
    const whole = Buffer.concat(pieces)
    await client.send(
      new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from(pieces), ContentLength: whole.length }),
    )
    const { headers, bytesIn } = s3.requests.records.at(0)!
    expect(headers['x-amz-content-sha256']).toBe('STREAMING-UNSIGNED-PAYLOAD-TRAILER')
    expect(headers['x-amz-trailer']).toBe('x-amz-checksum-crc32')
    expect(bytesIn).toBeGreaterThan(whole.length)
    expect(s3.bucket(Bucket).info('stream')).toMatchObject({ size: whole.length, etag: md5(whole) })
    expect(s3.bucket(Bucket).info('stream')?.headers['content-encoding']).toBeUndefined()
  })

  it.each<ChecksumAlgorithm>(['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'])(
    'takes a %s checksum',
    async algorithm => {
      const Body = Buffer.alloc(100_000, 'x')
      await client.send(new PutObjectCommand({ Bucket, Key: 'sum', Body, ChecksumAlgorithm: algorithm }))
      // The SDK compares what comes back with the checksum that the server kept, where it kept one.
      expect((await body('sum')).equals(Body)).toBe(true)
    },
  )

  it('stores nothing when the checksum, the MD5 or the signed hash is wrong', async () => {
    const put = { Bucket, Key: 'wrong', Body: 'content' }
    const attempts = [
      client.send(new PutObjectCommand({ ...put, ChecksumCRC32: 'AAAAAA==' })),
      client.send(new PutObjectCommand({ ...put, ContentMD5: createHash('md5').update('other').digest('base64') })),
      client.send(new PutObjectCommand({ ...put, ContentMD5: 'AAAA' })),
    ]
    const failures = await Promise.all(attempts.map(failure))
    expect(failures.map(({ code }) => code)).toEqual(['BadDigest', 'BadDigest', 'InvalidDigest'])
    expect(s3.bucket(Bucket).keys()).toEqual([])
  })

  it('stores nothing of a body that breaks off, and keeps what was there', async () => {
    await s3.bucket(Bucket).put('kept', 'before')
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'kept' }))
    const upload = request(url, { method: 'PUT', headers: { 'content-length': 1_000_000 } })
    const ended = new Promise(resolve => upload.once('close', resolve))
    upload.on('error', () => {})
    upload.write(Buffer.alloc(200_000))
    await until(() => s3.requests.records[0]?.bytesIn === 200_000)
    upload.destroy()
    await ended
    await until(() => s3.requests.records[0]?.milliseconds !== undefined)
    expect(await s3.bucket(Bucket).read('kept')).toEqual(Buffer.from('before'))
  })

  it('stores and shows headers, metadata, storage class and encryption', async () => {
    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'described',
        Body: 'x',
        ContentType: 'application/json',
        CacheControl: 'max-age=1',
        ContentEncoding: 'gzip',
        Metadata: { token: 'abc' },
        StorageClass: 'STANDARD_IA',
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: 'key-1',
        ACL: 'bucket-owner-full-control',
      }),
    )
    expect(put).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key-1' })
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'described' }))
    expect(head).toMatchObject({
      ContentLength: 1,
      ContentType: 'application/json',
      CacheControl: 'max-age=1',
      ContentEncoding: 'gzip',
      Metadata: { token: 'abc' },
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'aws:kms',
    })
    expect(head.LastModified!.getMilliseconds()).toBe(0)
    expect(s3.requests.records.at(0)!.headers['x-amz-acl']).toBe('bucket-owner-full-control')
    const storageClass = 'GOLD' as 'STANDARD'
    const refused = client.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x', StorageClass: storageClass }))
    expect(await failure(refused)).toEqual({ code: 'InvalidStorageClass', status: 400 })
  })

  it('serves ranges, and refuses those that begin past the end', async () => {
    await s3.bucket(Bucket).put('digits', '0123456789')
    expect((await body('digits', 'bytes=3-')).toString()).toBe('3456789')
    expect((await body('digits', 'bytes=3-5')).toString()).toBe('345')
    expect((await body('digits', 'bytes=-4')).toString()).toBe('6789')
    expect((await body('digits', 'bytes=8-99')).toString()).toBe('89')
    expect((await body('digits', 'bytes=5-4')).toString()).toBe('0123456789')
    expect(await failure(body('digits', 'bytes=10-'))).toEqual({ code: 'InvalidRange', status: 416 })
    await s3.bucket(Bucket).put('empty', '')
    expect(await failure(body('empty', 'bytes=0-'))).toEqual({ code: 'InvalidRange', status: 416 })
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'digits', Range: 'bytes=2-3' }))
    expect(head).toMatchObject({ ContentLength: 2, ContentRange: 'bytes 2-3/10' })
  })

  it('honours conditions on reads and writes', async () => {
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '1' }))
    const get = (condition: object) => client.send(new GetObjectCommand({ Bucket, Key: 'k', ...condition }))
    const put = (Key: string, condition: object) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: '2', ...condition }))
    await get({ IfMatch: ETag })
    expect((await failure(get({ IfMatch: '"other"' }))).status).toBe(412)
    expect((await failure(get({ IfNoneMatch: ETag }))).status).toBe(304)
    expect((await failure(get({ IfModifiedSince: new Date(Date.now() + 60_000) }))).status).toBe(304)
    expect((await failure(get({ IfUnmodifiedSince: new Date(0) }))).status).toBe(412)
    expect(await failure(put('k', { IfNoneMatch: '*' }))).toEqual({ code: 'PreconditionFailed', status: 412 })
    expect((await failure(put('k', { IfMatch: '"other"' }))).status).toBe(412)
    expect((await failure(put('absent', { IfMatch: ETag }))).status).toBe(404)
    await put('k', { IfMatch: ETag })
    await put('new', { IfNoneMatch: '*' })
  })

  it('answers 409 where the object is deleted while its conditional replacement arrives', async () => {
    await s3.bucket(Bucket).put('k', 'x')
    const { etag } = s3.bucket(Bucket).info('k')!
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'k' }))
    const upload = request(url, { method: 'PUT', headers: { 'content-length': 2, 'if-match': `"${etag}"` } })
    const status = new Promise<number | undefined>((resolve, reject) => {
      upload.once('error', reject)
      upload.once('response', answer => resolve(answer.resume().statusCode))
    })
    upload.write('1')
    await until(() => s3.requests.records.at(-1)?.bytesIn === 1)
    s3.bucket(Bucket).delete('k')
    upload.end('2')
    expect(await status).toBe(409)
    expect(s3.bucket(Bucket).keys()).toEqual([])
  })

  it('serves its readers the object that they opened, overwritten and deleted meanwhile', async () => {
    const first = Buffer.alloc(2_000_000, 'first')
    await client.send(new PutObjectCommand({ Bucket, Key: 'busy', Body: first }))
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => client.send(new GetObjectCommand({ Bucket, Key: 'busy' }))),
    )
    await client.send(new PutObjectCommand({ Bucket, Key: 'busy', Body: 'second' }))
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'busy' }))
    for (const answer of opened) {
      expect(Buffer.from(await answer.Body!.transformToByteArray()).equals(first)).toBe(true)
    }
    expect(await failure(body('busy'))).toEqual({ code: 'NoSuchKey', status: 404 })
  })
})

describe('copying and deleting', () => {
  it('copies with an encoded source, keeping or replacing the metadata', async () => {
    const Key = 'from a/ü+b'
    await client.send(
      new PutObjectCommand({ Bucket, Key, Body: 'copied', Metadata: { a: '1' }, StorageClass: 'STANDARD_IA' }),
    )
    const CopySource = `${Bucket}/${encodeURIComponent(Key)}`
    const copy = (rest: object) => client.send(new CopyObjectCommand({ Bucket, CopySource, Key: 'to', ...rest }))
    const result = await copy({})
    expect(result.CopyObjectResult?.ETag).toBe(`"${md5('copied')}"`)
    expect(s3.bucket(Bucket).info('to')?.headers).toMatchObject({ 'x-amz-meta-a': '1' })
    expect(s3.bucket(Bucket).info('to')?.headers['x-amz-storage-class']).toBeUndefined()
    await copy({ MetadataDirective: 'REPLACE', Metadata: { b: '2' } })
    expect(s3.bucket(Bucket).info('to')?.headers['x-amz-meta-a']).toBeUndefined()
    expect(await failure(copy({ Key }))).toEqual({ code: 'InvalidRequest', status: 400 })
    await copy({ Key, MetadataDirective: 'REPLACE' })
    expect((await failure(copy({ CopySourceIfMatch: '"other"' }))).status).toBe(412)
    expect(await failure(copy({ CopySource: `${Bucket}/absent` }))).toEqual({ code: 'NoSuchKey', status: 404 })
    expect((await failure(copy({ CopySource: 'nonsense' }))).code).toBe('InvalidArgument')
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
    expect((await body('to')).toString()).toBe('copied')
  })

  it('deletes one or a thousand, absent ones included', async () => {
    const bucket = s3.bucket(Bucket)
    const keys = Array.from({ length: 1000 }, (_, index) => `many/&<${index}>"`)
    for (const key of keys) await bucket.put(key, 'x')
    await bucket.put('kept', 'x')
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'absent' }))
    const Objects = keys.map(Key => ({ Key }))
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(keys)
    expect(bucket.keys()).toEqual(['kept'])
    const quiet = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
    expect(quiet.Deleted).toBeUndefined()
    const tooMany = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [...Objects, { Key: 'kept' }] } })
    expect(await failure(client.send(tooMany))).toEqual({ code: 'MalformedXML', status: 400 })
  })
})

describe('addressing', () => {
  it('finds the bucket in the host name', async () => {
    const httpAgent = loopbackAgent()
    for (const host of ['localhost', 's3.eu-west-1.amazonaws.com']) {
      const virtual = sdk(s3, {
        endpoint: `http://${host}:${s3.port}`,
        forcePathStyle: false,
        requestHandler: { httpAgent },
      })
      await virtual.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: host }))
      expect(await s3.bucket(Bucket).read('a/b')).toEqual(Buffer.from(host))
      const listed = await virtual.send(new ListObjectsV2Command({ Bucket }))
      expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['a/b'])
      virtual.destroy()
    }
    expect(s3.requests.records.at(0)!.headers.host).toBe(`${Bucket}.localhost:${s3.port}`)
    expect(s3.requests.records.at(0)!.target).toBe('/a/b?x-id=PutObject')
    httpAgent.destroy()
  })

  it('knows its buckets and their region', async () => {
    expect((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe('us-east-1')
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined()
    expect((await failure(client.send(new HeadBucketCommand({ Bucket: 'absent' })))).status).toBe(404)
    const put = new PutObjectCommand({ Bucket: 'absent', Key: 'k', Body: 'x' })
    expect(await failure(client.send(put))).toEqual({ code: 'NoSuchBucket', status: 404 })
  })

  it('answers what it does not have with 501, and keys that are too long with 400', async () => {
    await s3.bucket(Bucket).put('k', 'x')
    const acl = new GetObjectAclCommand({ Bucket, Key: 'k' })
    expect(await failure(client.send(acl))).toEqual({ code: 'NotImplemented', status: 501 })
    const put = new PutObjectCommand({ Bucket, Key: 'k'.repeat(1025), Body: 'x' })
    expect(await failure(client.send(put))).toEqual({ code: 'KeyTooLongError', status: 400 })
  })
})

describe('the server', () => {
  it('refuses before it asks for the body', async () => {
    const answer = await new Promise<{ status: number | undefined; asked: boolean }>((resolve, reject) => {
      let asked = false
      const upload = request(`${s3.endpoint}/${Bucket}/k`, {
        method: 'PUT',
        headers: { expect: '100-continue', 'content-length': 10 },
      })
      upload.once('continue', () => {
        asked = true
      })
      upload.once('response', response => {
        resolve({ status: response.statusCode, asked })
        upload.destroy()
      })
      upload.once('error', reject)
      upload.flushHeaders()
    })
    expect(answer).toEqual({ status: 403, asked: false })
  })

  it('closes promptly, with an upload under way', async () => {
    const other = await startS3({ buckets: [Bucket] })
    const busy = sdk(other)
    const url = await getSignedUrl(busy, new PutObjectCommand({ Bucket, Key: 'k' }))
    const upload = request(url, { method: 'PUT', headers: { 'content-length': 1_000_000 } })
    const cut = new Promise(resolve => upload.once('error', resolve))
    upload.write(Buffer.alloc(200_000))
    await until(() => (other.requests.records[0]?.bytesIn ?? 0) > 0)
    const before = Date.now()
    await other.close()
    expect(Date.now() - before).toBeLessThan(1000)
    expect(await cut).toMatchObject({ code: 'ECONNRESET' })
    busy.destroy()
  })
})
