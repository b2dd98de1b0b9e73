import { Agent } from 'node:http'
import { type NetConnectOpts, createConnection } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { s3 } from '@longshore/s3-driver'
import { type S3DriverOptions, content, optionsOn, part, useFixture, write } from './cloud.ts'

const bench = useFixture()

beforeEach(() => {
  // What is meant for Amazon's hosts goes to the local cloud, unchanged: without TLS, because that is Amazon's alone to give.
  const divert = (options: NetConnectOpts): ReturnType<typeof createConnection> =>
    createConnection({ ...options, host: '127.0.0.1', port: bench.cloud.s3.port })
  jest
    .spyOn(Agent.prototype as Agent & { createConnection: typeof divert }, 'createConnection')
    .mockImplementation(divert)
})
afterEach(() => {
  jest.restoreAllMocks()
})

/** The operations that a move takes of an object that is said to have this many bytes. */
async function movedOnAmazon(size: number): Promise<string[]> {
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = bench.cloud.credentials
  const region = { region: bench.cloud.region, bucket: bench.cloud.bucket, forcePathStyle: true, secure: false }
  await using driver = s3({ ...region, accessKey, secretKey, maxAttempts: 1 })
  await bench.bucket.put('a', Buffer.alloc(size))
  await driver.move('/a', '/b')
  return Object.keys(bench.cloud.s3.requests.counts())
}

it('copies in parts what has more than 32 MiB, as Amazon does that in parallel', async () => {
  const mebibyte = 1024 * 1024
  expect(await movedOnAmazon(32 * mebibyte)).toContain('CopyObject')
  bench.cloud.s3.requests.reset()
  expect(await movedOnAmazon(32 * mebibyte + 1)).toContain('UploadPartCopy')
})

/** What the options make of a PUT and a copy: hosts, paths, and what the signature is for. */
async function onTheWire(options: Partial<S3DriverOptions>): Promise<Record<string, unknown>> {
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = bench.cloud.credentials
  await using driver = s3({
    region: 'us-west-2',
    bucket: bench.cloud.bucket,
    accessKey,
    secretKey,
    secure: false,
    maxAttempts: 1,
    ...options,
  })
  await driver.putContent('/a', 'content').catch(() => {})
  await driver.move('/a', '/b', { size: 7 }).catch(() => {})
  const [put, copy] = bench.cloud.s3.requests.records
  const scope = /Credential=[^/]+\/\d+\/([^,]+)/.exec(put?.headers.authorization ?? '')?.[1]
  return { host: put?.headers.host, path: put?.target.split('?')[0], scope, source: copy?.headers['x-amz-copy-source'] }
}

describe('on the way to Amazon S3', () => {
  const own = { path: '/a', scope: 'us-west-2/s3/aws4_request', source: 'longshore/a' }
  const cases: [string, Partial<S3DriverOptions>, Record<string, string>][] = [
    ['the bucket is in the host', {}, { host: 'longshore.s3.us-west-2.amazonaws.com' }],
    ['forcepathstyle', { forcePathStyle: true }, { host: 's3.us-west-2.amazonaws.com', path: '/longshore/a' }],
    ['accelerate', { accelerate: true }, { host: 'longshore.s3-accelerate.amazonaws.com' }],
    ['usedualstack', { useDualstack: true }, { host: 'longshore.s3.dualstack.us-west-2.amazonaws.com' }],
    [
      'accelerate and usedualstack',
      { accelerate: true, useDualstack: true },
      { host: 'longshore.s3-accelerate.dualstack.amazonaws.com' },
    ],
    ['usefipsendpoint', { useFipsEndpoint: true }, { host: 'longshore.s3-fips.us-west-2.amazonaws.com' }],
    [
      'usefipsendpoint and usedualstack',
      { useFipsEndpoint: true, useDualstack: true },
      { host: 'longshore.s3-fips.dualstack.us-west-2.amazonaws.com' },
    ],
    [
      'an access point, in a region of its own',
      { bucket: 'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine' },
      {
        host: 'mine-123456789012.s3-accesspoint.eu-central-1.amazonaws.com',
        scope: 'eu-central-1/s3/aws4_request',
        source: 'arn%3Aaws%3As3%3Aeu-central-1%3A123456789012%3Aaccesspoint%2Fmine/object/a',
      },
    ],
  ]
  for (const [name, options, expected] of cases) {
    it(`${name}: ${expected['host']}`, async () => {
      expect(await onTheWire(options)).toEqual({ ...own, ...expected })
    })
  }
})

describe('Amazon S3 by whichever host', () => {
  const hosts: [string, Partial<S3DriverOptions>, Record<string, string>, Record<string, string>][] = [
    [
      'a regional endpoint',
      { regionEndpoint: 's3.eu-central-1.amazonaws.com', region: undefined },
      {},
      { host: 'longshore.s3.eu-central-1.amazonaws.com', region: 'eu-central-1' },
    ],
    [
      'a VPC endpoint',
      { regionEndpoint: 'bucket.vpce-1a2b-3c.s3.us-east-2.vpce.amazonaws.com', region: undefined },
      {},
      { host: 'longshore.bucket.vpce-1a2b-3c.s3.us-east-2.vpce.amazonaws.com', region: 'us-east-2' },
    ],
    [
      'China',
      { regionEndpoint: 's3.cn-north-1.amazonaws.com.cn', region: undefined },
      {},
      { host: 'longshore.s3.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' },
    ],
    [
      'the European Sovereign Cloud',
      { region: 'eusc-de-east-1' },
      {},
      { host: 'longshore.s3.eusc-de-east-1.amazonaws.eu', region: 'eusc-de-east-1' },
    ],
    [
      'its endpoint',
      { regionEndpoint: 's3.eusc-de-east-1.amazonaws.eu', region: undefined },
      {},
      { host: 'longshore.s3.eusc-de-east-1.amazonaws.eu', region: 'eusc-de-east-1' },
    ],
    [
      'AWS_ENDPOINT_URL_S3',
      {},
      { AWS_ENDPOINT_URL_S3: 'http://s3.us-west-2.amazonaws.com' },
      { host: 'longshore.s3.us-west-2.amazonaws.com', region: 'us-west-2' },
    ],
    [
      'AWS_USE_FIPS_ENDPOINT',
      { region: 'us-gov-west-1' },
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      { host: 'longshore.s3-fips.us-gov-west-1.amazonaws.com', region: 'us-gov-west-1' },
    ],
    [
      'AWS_USE_DUALSTACK_ENDPOINT',
      {},
      { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
      { host: 'longshore.s3.dualstack.us-west-2.amazonaws.com', region: 'us-west-2' },
    ],
    [
      'an endpoint in spite of AWS_USE_FIPS_ENDPOINT',
      { regionEndpoint: 's3-fips.us-gov-west-1.amazonaws.com' },
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      { host: 'longshore.s3-fips.us-gov-west-1.amazonaws.com', region: 'us-west-2' },
    ],
  ]
  const before = process.env
  afterEach(() => {
    process.env = before
  })
  for (const [name, options, environment, expected] of hosts) {
    it(`${name}: ${expected['host']}, with checksums, and conditions without a probe`, async () => {
      process.env = { ...before, ...environment }
      const { host, scope } = await onTheWire(options)
      expect({ host, scope }).toEqual({ host: expected['host'], scope: `${expected['region']}/s3/aws4_request` })
      expect(bench.cloud.s3.requests.records[0]?.headers).toHaveProperty('x-amz-checksum-crc32')
      expect(
        s3({ ...optionsOn(bench.cloud), regionEndpoint: undefined, region: 'us-west-2', ...options }).capabilities,
      ).toMatchObject({ putIfAbsent: true })
    })
  }

  const others: [string, Partial<S3DriverOptions>, Record<string, string>][] = [
    ['a host that only looks like it', { regionEndpoint: 'http://s3.amazonaws.com.example.org' }, {}],
    ['another service of Amazon', { regionEndpoint: 'http://sts.amazonaws.com' }, {}],
    [
      'AWS_ENDPOINT_URL_S3 of another server',
      { region: undefined },
      { AWS_ENDPOINT_URL_S3: 'http://minio.example.org' },
    ],
    ['AWS_ENDPOINT_URL of another server', {}, { AWS_ENDPOINT_URL: 'http://minio.example.org' }],
  ]
  for (const [name, options, environment] of others) {
    it(`is not ${name}`, async () => {
      process.env = { ...before, ...environment }
      const { host } = await onTheWire({ forcePathStyle: true, ...options })
      expect(host).toMatch(/example\.org$|^sts\./)
      expect(bench.cloud.s3.requests.records[0]?.headers).not.toHaveProperty('x-amz-checksum-crc32')
      expect(s3({ ...optionsOn(bench.cloud), regionEndpoint: undefined, ...options }).capabilities).toMatchObject({
        putIfAbsent: 'varies',
      })
    })
  }
})

describe('x-amz-mp-object-size', () => {
  it('is sent to Amazon alone: another server may answer 501 to a header that it does not know', async () => {
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = bench.cloud.credentials
    const onAmazon = { region: bench.cloud.region, bucket: bench.cloud.bucket, accessKey, secretKey, secure: false }
    await using amazon = s3({ ...onAmazon, forcePathStyle: true, chunkSize: part })
    for (const driver of [amazon, bench.driver]) {
      const writer = await driver.writer('/large')
      await write(writer, content(part + 1))
      await writer.commit()
    }
    const completions = bench.cloud.s3.requests.records.filter(
      ({ operation, key }) => operation === 'CompleteMultipartUpload' && key === 'large',
    )
    expect(completions.map(({ headers }) => headers['x-amz-mp-object-size'])).toEqual([String(part + 1), undefined])
  })
})
