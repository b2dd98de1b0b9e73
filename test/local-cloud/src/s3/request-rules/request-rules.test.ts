import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sendSigned } from '../../../test/signed-request.ts'
import type { RawAnswer, RawRequest } from '../../../test/signed-request.ts'
import { startS3 } from '../../index.ts'
import type { LocalS3 } from '../../index.ts'

const Bucket = 'artifacts'
const CRC32 = checksum('x')
const MD5 = createHash('md5').update('x').digest('base64')
const SHA1 = createHash('sha1').update('x').digest('base64')
let s3: LocalS3

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
})
beforeEach(async () => {
  s3.resetQuirks()
  s3.bucket(Bucket).clear()
  await s3.bucket(Bucket).put('there', 'x')
})
afterAll(() => s3.close())

function checksum(body: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64')
}

type Headers = Record<string, string>

function send(request: Omit<RawRequest, 'target'> & { target?: string }): Promise<RawAnswer> {
  return sendSigned(s3, { target: `/${Bucket}/k`, ...request })
}

const put = (headers: Headers, rest: Partial<RawRequest> = {}) => send({ method: 'PUT', headers, body: 'x', ...rest })
const get = (headers: Headers) => send({ method: 'GET', target: `/${Bucket}/there`, headers })
const copy = (headers: Headers) =>
  send({ method: 'PUT', headers: { 'x-amz-copy-source': `/${Bucket}/there`, ...headers } })
const remove = (headers: Headers) => send({ method: 'DELETE', target: `/${Bucket}/there`, headers })
const create = (headers: Headers) => send({ method: 'POST', target: `/${Bucket}/k?uploads`, headers })

async function newUpload(headers: Headers = {}): Promise<string> {
  return /<UploadId>([^<]+)/.exec((await create(headers)).body)![1]!
}
const part = (id: string, headers: Headers, rest: Partial<RawRequest> = {}) =>
  put(headers, { target: `/${Bucket}/k?partNumber=1&uploadId=${id}`, ...rest })
const complete = (id: string, elements: string, headers: Headers = {}) =>
  send({
    method: 'POST',
    target: `/${Bucket}/k?uploadId=${id}`,
    headers,
    body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag('x')}</ETag>${elements}</Part></CompleteMultipartUpload>`,
  })

function etag(body: string): string {
  return createHash('md5').update(body).digest('hex')
}

function deleting(objects: string, headers?: Headers): Promise<RawAnswer> {
  const body = `<Delete>${objects}</Delete>`
  const md5 = { 'content-md5': createHash('md5').update(body).digest('base64') }
  return send({ method: 'POST', target: `/${Bucket}?delete`, headers: headers ?? md5, body })
}

type Case = [
  name: string,
  request: () => Promise<RawAnswer>,
  refused: { status: number; code: string; message?: RegExp },
]

function refuses(cases: Case[]): void {
  it.each(cases)('%s', async (_name, request, { message = /./, ...refused }) => {
    const answer = await request()
    expect(answer).toMatchObject({ ...refused, message: expect.stringMatching(message) })
    expect(s3.bucket(Bucket).keys()).toEqual(['there'])
  })
}

const bad = (code: string, message?: RegExp) => ({ status: 400, code, ...(message ? { message } : {}) })
const notImplemented = { status: 501, code: 'NotImplemented', message: /implies functionality/ }

describe('headers that an operation does not have', () => {
  refuses([
    ['one that nobody has', () => put({ 'x-amz-anything': '1' }), notImplemented],
    ['that of another operation', () => get({ 'x-amz-storage-class': 'STANDARD' }), notImplemented],
    ['x-amz-mp-object-size on UploadPart', () => part('any', { 'x-amz-mp-object-size': '1' }), notImplemented],
    ['metadata on UploadPart', () => part('any', { 'x-amz-meta-a': '1' }), notImplemented],
    ['If-None-Match on DeleteObject', () => remove({ 'if-none-match': '*' }), notImplemented],
    ['a size as condition of DeleteObject', () => remove({ 'x-amz-if-match-size': '1' }), notImplemented],
    ['encryption on a read', () => get({ 'x-amz-server-side-encryption': 'AES256' }), bad('InvalidArgument')],
    ['a copy source on a read', () => get({ 'x-amz-copy-source': 'a/b' }), bad('InvalidArgument')],
    [
      'a body of unknown length',
      () => put({}, { hasLength: false, unsigned: { 'transfer-encoding': 'chunked' } }),
      notImplemented,
    ],
  ])
})

describe('checksums of a body', () => {
  const announced = { 'x-amz-sdk-checksum-algorithm': 'CRC32' }
  const noChecksum = bad('InvalidRequest', /no corresponding x-amz-checksum-\* or x-amz-trailer/)
  refuses([
    ['PutObject that announces one and has none', () => put(announced), noChecksum],
    ['UploadPart that announces one and has none', () => part('any', announced), noChecksum],
    [
      'DeleteObjects that announces MD5 and has it in Content-MD5 only',
      () =>
        deleting('<Object><Key>there</Key></Object>', {
          'content-md5': createHash('md5')
            .update('<Delete><Object><Key>there</Key></Object></Delete>')
            .digest('base64'),
          'x-amz-sdk-checksum-algorithm': 'MD5',
        }),
      noChecksum,
    ],
    [
      'another one than is announced',
      () => put({ ...announced, 'x-amz-checksum-sha1': SHA1 }),
      bad('InvalidRequest', /^Value for x-amz-sdk-checksum-algorithm header is invalid\.$/),
    ],
    [
      'two, both right',
      () => put({ 'x-amz-checksum-crc32': CRC32, 'x-amz-checksum-sha1': SHA1 }),
      bad('InvalidRequest', /^Expecting a single x-amz-checksum- header\. Multiple/),
    ],
    [
      'one in a header and one in a trailer',
      () => put({ 'x-amz-checksum-crc32': CRC32, 'x-amz-trailer': 'x-amz-checksum-sha1' }),
      bad('InvalidRequest', /^Expecting a single x-amz-checksum- header$/),
    ],
    ['a trailer that is none', () => put({ 'x-amz-trailer': 'x-amz-meta-a' }), bad('InvalidRequest', /x-amz-trailer/)],
    [
      'a value that is too short',
      () => put({ 'x-amz-checksum-crc32': 'shrt' }),
      bad('InvalidRequest', /^Value for x-amz-checksum-crc32 header is invalid\.$/),
    ],
    ['a wrong value', () => put({ 'x-amz-checksum-crc32': 'AAAAAA==' }), bad('BadDigest')],
    ['a wrong MD5 as checksum', () => put({ 'x-amz-checksum-md5': MD5.replace(/^./, 'A') }), bad('BadDigest')],
    [
      'DeleteObjects without any',
      () => deleting('<Object><Key>there</Key></Object>', {}),
      bad('InvalidRequest', /Content-MD5 OR x-amz-checksum-\*/),
    ],
  ])

  it('takes one of every kind', async () => {
    const sums = [
      { 'content-md5': MD5 },
      { 'x-amz-checksum-crc32': CRC32, ...announced },
      { 'x-amz-checksum-md5': MD5 },
    ]
    for (const headers of sums) expect(await put(headers as Headers)).toMatchObject({ status: 200 })
  })

  it('wants one where the bucket has Object Lock', async () => {
    s3.bucketSettings.objectLock = true
    const refused = bad('InvalidRequest', /^Content-MD5 OR x-amz-checksum- HTTP header is required for Put/)
    expect(await put({})).toMatchObject({ ...refused, message: expect.stringMatching(refused.message!) })
    expect(await part(await newUpload(), {})).toMatchObject({ status: 400, code: 'InvalidRequest' })
    expect(await put({ 'content-md5': MD5 })).toMatchObject({ status: 200 })
    expect(await put({ 'x-amz-checksum-crc32': CRC32 })).toMatchObject({ status: 200 })
    expect(await part(await newUpload(), { 'content-md5': MD5 })).toMatchObject({ status: 200 })
    s3.bucketSettings.objectLock = false
  })
})

describe('checksums of a multipart upload', () => {
  const algorithm = (name: string, type?: string): Headers => ({
    'x-amz-checksum-algorithm': name,
    ...(type ? { 'x-amz-checksum-type': type } : {}),
  })
  const mismatch = (expected: string, actual: string) =>
    bad('InvalidRequest', new RegExp(`expected checksum Type: ${expected}, actual checksum Type: ${actual}$`))
  refuses([
    ['an unknown algorithm', () => create(algorithm('CRC16')), bad('InvalidRequest', /unsupported.*\[CRC32, CRC32C/)],
    ['a type alone', () => create({ 'x-amz-checksum-type': 'COMPOSITE' }), bad('InvalidRequest', /only be used with/)],
    ['a composite CRC64NVME', () => create(algorithm('CRC64NVME', 'COMPOSITE')), bad('InvalidRequest', /crc64nvme/)],
    ['SHA-1 of the whole', () => create(algorithm('SHA1', 'FULL_OBJECT')), bad('InvalidRequest', /FULL_OBJECT.*sha1/)],
    [
      'a part with one that the upload does not name',
      async () => part(await newUpload(), { 'x-amz-checksum-crc32': CRC32 }),
      mismatch('null', 'crc32'),
    ],
    [
      'a part without the one that it names',
      async () => part(await newUpload(algorithm('CRC32')), {}),
      mismatch('crc32', 'null'),
    ],
    [
      'a part with another one',
      async () => part(await newUpload(algorithm('CRC32')), { 'x-amz-checksum-sha1': SHA1 }),
      mismatch('crc32', 'sha1'),
    ],
    ['a completion without', () => completed(algorithm('CRC32'), ''), bad('InvalidRequest', /missing for part 1/)],
    [
      'a completion with another value',
      () => completed(algorithm('CRC32'), '<ChecksumCRC32>AAAAAA==</ChecksumCRC32>'),
      bad('InvalidPart'),
    ],
    [
      'a completion with none that is base64',
      () => completed(algorithm('CRC32'), '<ChecksumCRC32>?</ChecksumCRC32>'),
      bad('InvalidArgument', /Invalid Base64/),
    ],
    [
      'a completion of another type',
      () => completed(algorithm('CRC32'), given, { 'x-amz-checksum-type': 'FULL_OBJECT' }),
      bad('BadDigest', /COMPOSITE checksum mode/),
    ],
    [
      'a completion with a wrong checksum of the whole',
      () => completed(algorithm('CRC32', 'FULL_OBJECT'), given, { 'x-amz-checksum-crc32': 'AAAAAA==' }),
      bad('BadDigest'),
    ],
  ])

  const given = `<ChecksumCRC32>${CRC32}</ChecksumCRC32>`

  async function completed(created: Headers, elements: string, headers?: Headers): Promise<RawAnswer> {
    const id = await newUpload(created)
    expect(await part(id, { 'x-amz-checksum-crc32': CRC32 })).toMatchObject({ status: 200 })
    return complete(id, elements, headers)
  }

  it('takes those that fit', async () => {
    expect(await completed(algorithm('CRC32'), given)).toMatchObject({ status: 200 })
    const whole = await completed(algorithm('CRC32', 'FULL_OBJECT'), '', { 'x-amz-checksum-crc32': CRC32 })
    expect(whole.body).toContain(`<ChecksumCRC32>${CRC32}</ChecksumCRC32>`)
    const unsummed = await newUpload(algorithm('CRC32', 'FULL_OBJECT'))
    expect(await part(unsummed, {})).toMatchObject({ status: 200 })
    expect(await complete(unsummed, '')).toMatchObject({ status: 200 })
  })
})

describe('conditions', () => {
  const both = { 'if-match': '"a"', 'if-none-match': '*' }
  refuses([
    ['both at once on PutObject', () => put(both), notImplemented],
    ['both at once on CopyObject', () => copy(both), notImplemented],
    ['both at once on CompleteMultipartUpload', () => complete('any', '', both), notImplemented],
    ['If-None-Match with an ETag', () => put({ 'if-none-match': '"a"' }), notImplemented],
    ['a date on PutObject', () => put({ 'if-unmodified-since': new Date().toUTCString() }), notImplemented],
    ['If-Match where nothing is', () => put({ 'if-match': '"a"' }), { status: 404, code: 'NoSuchKey' }],
    ['DeleteObject of another ETag', () => remove({ 'if-match': '"a"' }), { status: 412, code: 'PreconditionFailed' }],
    [
      'DeleteObjects of another ETag',
      () => deleting('<Object><Key>there</Key><ETag>"a"</ETag></Object>'),
      { status: 200, code: 'PreconditionFailed' },
    ],
    [
      'DeleteObjects with an ETag where nothing is',
      () => deleting('<Object><Key>absent</Key><ETag>"a"</ETag></Object>'),
      { status: 200, code: 'NoSuchKey' },
    ],
  ])

  it('deletes what has the ETag, among others that have not', async () => {
    await s3.bucket(Bucket).put('other', 'y')
    const answer = await deleting(
      `<Object><Key>there</Key><ETag>"${etag('x')}"</ETag></Object><Object><Key>other</Key><ETag>"a"</ETag></Object>`,
    )
    expect(answer.body).toMatch(/<Deleted><Key>there<\/Key><\/Deleted><Error><Key>other<\/Key><Code>Precond/)
    expect(s3.bucket(Bucket).keys()).toEqual(['other'])
  })
})

describe('what a new object may be like', () => {
  refuses([
    ['more than 2 KB of metadata', () => put({ 'x-amz-meta-a': 'x'.repeat(2048) }), bad('MetadataTooLarge')],
    ['more than 8 KB of headers', () => put({ 'content-type': 'x'.repeat(8192) }), bad('RequestHeaderSectionTooLarge')],
    [
      'a class of directory buckets',
      () => put({ 'x-amz-storage-class': 'EXPRESS_ONEZONE' }),
      bad('InvalidStorageClass'),
    ],
    ['an ACL', () => create({ 'x-amz-acl': 'public-read' }), bad('AccessControlListNotSupported')],
    ['grants', () => put({ 'x-amz-grant-read': 'id=a' }), bad('AccessControlListNotSupported')],
    ['an ACL and grants', () => put({ 'x-amz-acl': 'private', 'x-amz-grant-read': 'id=a' }), bad('InvalidRequest')],
    [
      'eleven tags',
      () => put({ 'x-amz-tagging': Array.from({ length: 11 }, (_, index) => `k${index}=v`).join('&') }),
      bad('BadRequest'),
    ],
    ['a tag twice', () => put({ 'x-amz-tagging': 'a=1&a=2' }), bad('InvalidArgument')],
    ['a long tag', () => put({ 'x-amz-tagging': `a=${'x'.repeat(257)}` }), bad('InvalidTag')],
    ['a key of 1,025 bytes', () => put({}, { target: `/${Bucket}/${'k'.repeat(1025)}` }), bad('KeyTooLongError')],
    ['an unknown directive', () => copy({ 'x-amz-metadata-directive': 'MOVE' }), bad('InvalidArgument')],
    ['a part number without an upload', () => put({}, { target: `/${Bucket}/k?partNumber=1` }), bad('InvalidArgument')],
  ])

  it('takes metadata of 2 KB, names included, and ten tags', async () => {
    const tags = Array.from({ length: 10 }, (_, index) => `k${index}=v`).join('&')
    expect(await put({ 'x-amz-meta-a': 'x'.repeat(2047), 'x-amz-tagging': tags })).toMatchObject({ status: 200 })
  })

  it('lets nobody read what is archived', async () => {
    await put({ 'x-amz-storage-class': 'GLACIER' })
    const refused = { status: 403, code: 'InvalidObjectState' }
    expect(await send({ method: 'GET' })).toMatchObject(refused)
    expect(await send({ method: 'HEAD' })).toMatchObject({ status: 200 })
    expect(await copy({ 'x-amz-copy-source': `/${Bucket}/k` })).toMatchObject(refused)
  })
})

describe('signatures and bodies', () => {
  refuses([
    [
      'Content-MD5 that is not signed',
      () => put({}, { unsigned: { 'content-md5': MD5 } }),
      { status: 403, code: 'AccessDenied', message: /not signed/ },
    ],
    [
      'x-amz-content-sha256 that is no hash',
      () => put({}, { payloadHash: 'nonsense' }),
      bad('InvalidArgument', /^x-amz-content-sha256 must be UNSIGNED-PAYLOAD/),
    ],
    ['a hash of another body', () => put({}, { payloadHash: '0'.repeat(64) }), bad('XAmzContentSHA256Mismatch')],
    [
      'a hash of a body that is not there',
      () => send({ method: 'GET', target: `/${Bucket}/there`, payloadHash: '0'.repeat(64) }),
      bad('XAmzContentSHA256Mismatch'),
    ],
    [
      'chunks where a document is expected',
      () =>
        send({
          method: 'POST',
          target: `/${Bucket}?delete`,
          headers: { 'content-md5': MD5 },
          payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        }),
      bad('InvalidRequest', /x-amz-content-sha256/),
    ],
    [
      'a body on CreateMultipartUpload',
      () => put({}, { method: 'POST', target: `/${Bucket}/k?uploads` }),
      bad('UnexpectedContent'),
    ],
  ])

  it('reads a raw + as a blank in a query, and as itself in a path', async () => {
    await s3.bucket(Bucket).put('a b', 'blank')
    await s3.bucket(Bucket).put('a+b', 'plus')
    const listed = await send({ method: 'GET', target: `/${Bucket}?list-type=2&prefix=a+b` })
    expect(listed.body).toMatch(/<Key>a b<\/Key>/)
    expect(listed.body).not.toMatch(/<Key>a\+b<\/Key>/)
    expect((await send({ method: 'GET', target: `/${Bucket}/a+b` })).body).toBe('plus')
    await copy({ 'x-amz-copy-source': `/${Bucket}/a+b` })
    expect(String(await s3.bucket(Bucket).read('k'))).toBe('blank')
  })
})
