import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { startS3 } from '@longshore/local-cloud'
import { s3 } from '@longshore/s3-driver'
import { type S3DriverOptions, content, part, useFixture, write } from './cloud.ts'

const bench = useFixture()
const keys = { accessKey: 'key-id', secretKey: 'a-secret-key' }
const aws: S3DriverOptions = { region: 'eu-central-1', bucket: 'artifacts', ...keys }

/** The headers of the last request of an operation. */
function headersOf(operation: string): Record<string, unknown> {
  return bench.cloud.s3.requests.records.findLast(record => record.operation === operation)?.headers ?? {}
}

/** Everything that makes an object: a PUT, a multipart upload, a copy. */
async function createEverywhere(options: Partial<S3DriverOptions>): Promise<Record<string, unknown>[]> {
  const driver = bench.another(options)
  const writer = await driver.writer('/large')
  await write(writer, content(part + 1))
  await writer.commit()
  await driver.putContent('/a', 'x')
  await driver.move('/a', '/b')
  return ['PutObject', 'CreateMultipartUpload', 'CopyObject'].map(headersOf)
}

async function urlWith(options: Partial<S3DriverOptions>, expiresIn?: number): Promise<URL> {
  await using driver = s3({ ...aws, ...options })
  const signed = await driver.urlFor('/a/b', { expiresIn })
  return new URL(signed?.url ?? '')
}

describe('on the wire', () => {
  const headers: [string, Partial<S3DriverOptions>, Record<string, string | undefined>][] = [
    ['storageclass is STANDARD by default', {}, { 'x-amz-storage-class': 'STANDARD' }],
    ['storageclass NONE sends nothing', { storageClass: 'NONE' }, { 'x-amz-storage-class': undefined }],
    ['storageclass STANDARD_IA', { storageClass: 'STANDARD_IA' }, { 'x-amz-storage-class': 'STANDARD_IA' }],
    ['encrypt is SSE-S3', { encrypt: true }, { 'x-amz-server-side-encryption': 'AES256' }],
    [
      'encrypt with keyid is SSE-KMS',
      { encrypt: true, keyId: 'key-1' },
      { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'key-1' },
    ],
    [
      'keyid without encrypt sends nothing',
      { keyId: 'key-1' },
      { 'x-amz-server-side-encryption': undefined, 'x-amz-server-side-encryption-aws-kms-key-id': undefined },
    ],
    ['no ACL goes out unless it is configured', {}, { 'x-amz-acl': undefined }],
    ['objectacl', { objectAcl: 'bucket-owner-full-control' }, { 'x-amz-acl': 'bucket-owner-full-control' }],
  ]
  for (const [name, options, expected] of headers) {
    it(`${name}, on everything that creates an object`, async () => {
      for (const sent of await createEverywhere(options)) {
        for (const [header, value] of Object.entries(expected)) expect([header, sent[header]]).toEqual([header, value])
      }
    })
  }

  it('useragent stands in the user agent', async () => {
    await bench.another({ userAgent: 'my-registry/2' }).putContent('/a', 'x')
    expect(headersOf('PutObject')['user-agent']).toContain('my-registry/2')
  })

  it('checksums are off on other servers unless they are asked for', async () => {
    await bench.driver.putContent('/a', 'x')
    expect(Object.keys(headersOf('PutObject')).filter(name => name.includes('checksum'))).toEqual([])
    await bench.another({ checksums: true }).putContent('/a', 'x')
    expect(headersOf('PutObject')).toMatchObject({ 'x-amz-checksum-crc32': expect.any(String) })
  })

  it('the bucket is in the host, or with forcepathstyle in the path', async () => {
    const regionEndpoint = `http://localhost:${bench.cloud.s3.port}`
    await bench.another({ regionEndpoint, forcePathStyle: true }).putContent('/a', 'x')
    expect(headersOf('PutObject')['host']).toBe(`localhost:${bench.cloud.s3.port}`)
    const url = await bench.another({ regionEndpoint }).urlFor('/a')
    expect(new URL(url?.url ?? '').host).toBe(`longshore.localhost:${bench.cloud.s3.port}`)
  })
})

describe('signature V2', () => {
  it('signs every request, and URLs', async () => {
    const driver = bench.another({ v4Auth: false })
    const writer = await driver.writer('/d/large')
    await write(writer, content(part + 1))
    await writer.close()
    await (await driver.writer('/d/large', { append: true })).commit()
    await driver.move('/d/large', '/d/moved')
    expect(await driver.list('/d')).toEqual(['/d/moved'])
    expect(headersOf('ListObjectsV2')['authorization']).toMatch(/^AWS localAccessKey:/)
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await fetch((await driver.urlFor('/d/moved', { method }))?.url ?? '', { method })
      expect([method, answer.status]).toEqual([method, 200])
      await answer.arrayBuffer()
    }
    await driver.purgeUploads({ olderThan: new Date() })
    await driver.putContent('/d/2', 'x')
    await driver.delete('/d')
    expect(bench.bucket.keys()).toEqual([])
  })
})

describe('signature V2 in path style', () => {
  it('does not take the beginning of the host for the bucket', async () => {
    const bucket = '127'
    await using cloud = await startS3({ buckets: [bucket] })
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = cloud.credentials[0]!
    const options = { region: 'us-east-1', regionEndpoint: cloud.endpoint, bucket, accessKey, secretKey }
    await using driver = s3({ ...options, v4Auth: false, forcePathStyle: true, maxAttempts: 1 })
    await driver.putContent('/a', 'x')
    expect(cloud.bucket(bucket).keys()).toEqual(['a'])
  })
})

describe('hosts', () => {
  const hosts: [string, Partial<S3DriverOptions>, string][] = [
    ['virtual-hosted by default', {}, 'https://artifacts.s3.eu-central-1.amazonaws.com/a/b'],
    ['path style', { forcePathStyle: true }, 'https://s3.eu-central-1.amazonaws.com/artifacts/a/b'],
    ['a region of the future', { region: 'xx-north-7' }, 'https://artifacts.s3.xx-north-7.amazonaws.com/a/b'],
    ['accelerate', { accelerate: true }, 'https://artifacts.s3-accelerate.amazonaws.com/a/b'],
    ['dual stack', { useDualstack: true }, 'https://artifacts.s3.dualstack.eu-central-1.amazonaws.com/a/b'],
    ['FIPS', { useFipsEndpoint: true, region: 'us-east-1' }, 'https://artifacts.s3-fips.us-east-1.amazonaws.com/a/b'],
    ['without TLS', { secure: false }, 'http://artifacts.s3.eu-central-1.amazonaws.com/a/b'],
    [
      'an access point',
      { bucket: 'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine' },
      'https://mine-123456789012.s3-accesspoint.eu-central-1.amazonaws.com/a/b',
    ],
    ['redirectendpoint', { redirectEndpoint: 'https://cdn.example.com' }, 'https://artifacts.cdn.example.com/a/b'],
    [
      'redirectendpoint in path style, with a port',
      { redirectEndpoint: 'http://cdn.example.com:8080', forcePathStyle: true },
      'http://cdn.example.com:8080/artifacts/a/b',
    ],
    [
      'redirectendpoint beside accelerate, dual stack and FIPS, which are for Amazon S3',
      { redirectEndpoint: 'https://cdn.example.com', accelerate: true, useDualstack: true },
      'https://artifacts.cdn.example.com/a/b',
    ],
    [
      'a regionendpoint without a scheme',
      { regionEndpoint: 'minio:9000', secure: false, forcePathStyle: true },
      'http://minio:9000/artifacts/a/b',
    ],
  ]
  for (const [name, options, expected] of hosts) {
    it(`${name}: ${expected}`, async () => {
      const { origin, pathname } = await urlWith(options)
      expect(origin + pathname).toBe(expected)
    })
  }
})

describe('presigned URLs', () => {
  it('carry the session token', async () => {
    const { searchParams } = await urlWith({ sessionToken: 'the-token' })
    expect(searchParams.get('X-Amz-Security-Token')).toBe('the-token')
  })

  it('live as long as they are asked to, at most as urlexpiry says', async () => {
    const lifetime = async (options: Partial<S3DriverOptions>, expiresIn?: number): Promise<string | null> =>
      (await urlWith(options, expiresIn)).searchParams.get('X-Amz-Expires')
    expect(await lifetime({})).toBe('1200')
    expect(await lifetime({}, 60)).toBe('60')
    expect(await lifetime({}, 9999)).toBe('1200')
    expect(await lifetime({ urlExpiry: '7d' }, 9999)).toBe('9999')
  })

  it('say when they end', async () => {
    const before = Math.floor(Date.now() / 1000)
    const signed = await bench.driver.urlFor('/a', { expiresIn: 60 })
    // By the server's clock, which an answer's Date header tells to the second.
    expect(signed?.expiresAt.getTime()).toBeGreaterThanOrEqual((before + 59) * 1000)
    expect(signed?.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000)
  })
})

describe('mistakes in the options', () => {
  const mistakes: [string, Partial<S3DriverOptions>, string][] = [
    ['one key without the other', { secretKey: undefined }, 'secretkey'],
    ['a session token alone', { accessKey: undefined, secretKey: undefined, sessionToken: 't' }, 'sessiontoken'],
    ['neither region nor endpoint', { region: undefined }, 'region'],
    ['a chunk below 5 MiB', { chunkSize: part - 1 }, 'chunksize'],
    ['V2 on Amazon S3', { v4Auth: false }, 'v4auth'],
    ['accelerate with another server', { accelerate: true, regionEndpoint: 'https://minio' }, 'accelerate'],
    ['dual stack with another server', { useDualstack: true, regionEndpoint: 'https://minio' }, 'usedualstack'],
    ['FIPS with another server', { useFipsEndpoint: true, regionEndpoint: 'https://minio' }, 'usefipsendpoint'],
    ['a directory bucket', { bucket: 'mine--euc1-az1--x-s3' }, 'bucket'],
    ['an access point of a directory bucket', { bucket: 'mine--euc1-az1--xa-s3' }, 'bucket'],
    ['Object Lambda', { bucket: 'arn:aws:s3-object-lambda:eu-central-1:123456789012:accesspoint/mine' }, 'bucket'],
    ['Outposts', { bucket: 'arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/mine' }, 'bucket'],
    ['a multi-region access point', { bucket: 'arn:aws:s3::123456789012:accesspoint/mine.mrap' }, 'bucket'],
    ['another ARN', { bucket: 'arn:aws:s3:::artifacts' }, 'bucket'],
    [
      'an access point in path style',
      { bucket: 'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine', forcePathStyle: true },
      'forcepathstyle',
    ],
    [
      'an access point with acceleration',
      { bucket: 'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine', accelerate: true },
      'accelerate',
    ],
    ['the storage class of directory buckets', { storageClass: 'EXPRESS_ONEZONE' }, 'storageclass'],
    ['the storage class of Outposts', { storageClass: 'OUTPOSTS' }, 'storageclass'],
    ['keys in the public endpoint', { redirectEndpoint: 'https://me:a-secret-key@cdn' }, 'redirectendpoint'],
    ['keys with an @ in the endpoint', { regionEndpoint: 'https://me:@a-secret-key@minio' }, 'regionendpoint'],
    ['keys in the endpoint', { regionEndpoint: 'https://me:a-secret-key@minio' }, 'regionendpoint'],
    ['a redirect endpoint with a path', { redirectEndpoint: 'https://cdn.example.com/x' }, 'redirectendpoint'],
    ['URLs for more than a week', { urlExpiry: '8d' }, 'urlexpiry'],
    ['a storage class that cannot be read at once', { storageClass: 'GLACIER' }, 'storageclass'],
    ['a part that S3 does not take', { chunkSize: 5 * 1024 ** 3 + 1 }, 'chunksize'],
    ['a copied part that S3 does not take', { multipartCopyChunkSize: part - 1 }, 'multipartcopychunksize'],
    ['copies of no part at a time', { multipartCopyMaxConcurrency: 0 }, 'multipartcopymaxconcurrency'],
    ['a copy of more than S3 takes in one', { multipartCopyThresholdSize: 2 ** 40 }, 'multipartcopythresholdsize'],
    ['uploads of no part at a time', { uploadConcurrency: 0 }, 'uploadconcurrency'],
    ['memory for no part', { uploadMemory: part - 1 }, 'uploadmemory'],
    ['an unknown part sizing', { partSizing: 'random' }, 'partsizing'],
    ['an unknown retry mode', { retryMode: 'never' }, 'retrymode'],
    ['no attempt at all', { maxAttempts: 0 }, 'maxattempts'],
    ['a time limit without a unit', { requestTimeout: '60' }, 'requesttimeout'],
    ['an ACL that S3 does not know', { objectAcl: 'public' }, 'objectacl'],
    ['an unknown option', { chunkSizes: part } as object, 'chunksizes'],
    ['an unknown log level', { logLevel: 'verbose' }, 'loglevel'],
  ]
  for (const [name, options, option] of mistakes) {
    it(`${name}: the message names ${option} and what is accepted, and no secret`, () => {
      let message = ''
      try {
        s3({ ...aws, ...options })
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONFIG' })
        message = (error as Error).message
      }
      expect(message.toLowerCase()).toContain(option)
      expect(message).toMatch(/accepted/i)
      expect(message).not.toContain(keys.secretKey)
    })
  }
})

describe('loglevel', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })

  async function logged(logLevel: NonNullable<S3DriverOptions['logLevel']>): Promise<string> {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const driver = bench.another({ logLevel })
    await driver.putContent('/a', 'the-content')
    await driver.stat('/missing').catch(() => {})
    return log.mock.calls.flat().join('\n')
  }

  it('off logs nothing', async () => {
    expect(await logged('off')).toBe('')
  })

  for (const level of [
    'debug',
    'debugwithsigning',
    'debugwithhttpbody',
    'debugwithrequestretries',
    'debugwithrequesterrors',
    'debugwitheventstreambody',
  ] as const) {
    it(`${level} logs a line for each request, and nothing secret`, async () => {
      const lines = await logged(level)
      expect(lines).toMatch(/s3 PutObjectCommand PUT \/longshore\/a 200.* \d+ ms/)
      expect(lines).toMatch(/HeadObjectCommand HEAD \/longshore\/missing failed: NotFound/)
      expect(lines).not.toMatch(/localSecretKey|Signature=|the-content/)
    })
  }

  it('each adds what its name says', async () => {
    expect(await logged('debugwithsigning')).toContain('"authorization":"(not shown)"')
    jest.restoreAllMocks()
    expect(await logged('debugwithhttpbody')).toContain('s3 body 11 bytes')
    jest.restoreAllMocks()
    expect(await logged('debugwithrequestretries')).toContain('200 attempt=1; max=4')
    jest.restoreAllMocks()
    expect(await logged('debugwithrequesterrors')).toMatch(/failed: NotFound: \w+/)
  })

  it('never shows a session token', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const driver = bench.another({ logLevel: 'debugwithsigning', sessionToken: 'the-token', maxAttempts: 1 })
    await driver.putContent('/a', 'x').catch(() => {})
    const lines = log.mock.calls.flat().join('\n')
    expect(lines).toContain('"x-amz-security-token":"(not shown)"')
    expect(lines).not.toContain('the-token')
  })
})
