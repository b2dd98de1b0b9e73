import {
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import {
  type DriverTestOptions,
  type SettledCapabilities,
  allCapabilities,
  testDriver,
} from '@longshore/middleware-core/testing'
import { s3 } from '@longshore/s3-driver'
import { type Ceph, type Credentials, startCeph } from './src/ceph.ts'
import { documentedPolicy } from './src/documented-policy.ts'
import { resolveLocalhostNames } from './src/localhost-names.ts'
import { describeWith } from './src/programs.ts'

const mebibyte = 1024 * 1024
const part = 5 * mebibyte

type Driver = ReturnType<typeof s3>
type Options = Partial<Parameters<typeof s3>[0]>
type Breadth = Omit<DriverTestOptions, 'name' | 'create'>

/** Every size at which the driver changes its ways. */
const broad: Breadth = {
  chunkSizes: [32, part + 1],
  largeFile: 2 * part + 1,
  manyFiles: 1005,
  fuzz: { seeds: [1, 2], operations: 60, sizes: [0, 1, 100, part, part + 1] },
}
const narrow: Breadth = {
  chunkSizes: [32],
  largeFile: part + 1,
  manyFiles: 10,
  fuzz: { seeds: [3], operations: 40, sizes: [0, 1, 100, part + 1] },
}

/**
 * What the driver can do on Ceph 16, which keeps If-None-Match on PutObject alone, and compares If-Match, quotes and all, with an
 * ETag without quotes.
 */
function capabilitiesWith({ v4Auth = true }: Options): SettledCapabilities {
  return {
    ...allCapabilities,
    downloads: v4Auth,
    uploadUrls: v4Auth,
    uploadForms: v4Auth,
    directUploads: v4Auth,
    putIfRevision: false,
    commitIfAbsent: false,
    commitIfRevision: false,
    deleteIfRevision: false,
  }
}

/** Large files are moved by a multipart copy, small ones whole. */
const copies = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part }

/**
 * Each in a bucket of its own. Together: both signatures, both styles, a root directory, each kind of encryption. Debian's
 * Ceph takes SSE-S3's header without encrypting; with SSE-KMS it does encrypt.
 */
const variants: Record<string, { options: Options; tests: Breadth }> = {
  'v4-path': { options: { forcePathStyle: true }, tests: broad },
  'v4-virtual-hosted-sse': { options: { encrypt: true, rootDirectory: '/nested/root' }, tests: narrow },
  'v2-virtual-hosted-sse-kms': { options: { v4Auth: false, encrypt: true, keyId: 'testkey' }, tests: narrow },
}

describeWith(['radosgw'], 'Ceph', () => {
  let ceph: Ceph
  let limited: Credentials

  beforeAll(async () => {
    resolveLocalhostNames()
    ceph = await startCeph()
    for (const bucket of [...Object.keys(variants), 'limited']) await ceph.createBucket(bucket)
    limited = await ceph.createUser('limited')
    await ceph.setPolicy('limited', await documentedPolicy('limited', 'limited'))
  })
  afterAll(async () => {
    await ceph[Symbol.asyncDispose]()
    jest.restoreAllMocks()
  })

  function driver(bucket: string, options: Options, { accessKeyId, secretAccessKey } = ceph.owner): Driver {
    return s3({
      regionEndpoint: ceph.endpoint,
      accessKey: accessKeyId,
      secretKey: secretAccessKey,
      bucket,
      chunkSize: part,
      ...copies,
      ...options,
    })
  }

  for (const [bucket, { options, tests }] of Object.entries(variants)) {
    const create = (): Driver => driver(bucket, options)
    const name = `S3 driver on Ceph, ${bucket},`
    const capabilities = capabilitiesWith(options)
    testDriver({ describe, it }, { name, create, capabilities, fetch, exclusive: true, ...tests })
  }

  describe('a user who has exactly the permissions of the documented policy', () => {
    testDriver(
      { describe, it },
      {
        name: 'S3 driver',
        create: () => driver('limited', { forcePathStyle: true }, limited),
        capabilities: capabilitiesWith({}),
        fetch,
        exclusive: true,
        ...narrow,
      },
    )

    it('is refused everything else', async () => {
      const { endpoint } = ceph
      const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: limited })
      const owned = { Bucket: 'limited', Key: 'owned' }
      await ceph.client.send(new PutObjectCommand({ ...owned, Body: 'content' }))
      const tagging = { ...owned, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }
      const denied = { name: 'AccessDenied' }
      await expect(client.send(new GetBucketPolicyCommand({ Bucket: 'limited' }))).rejects.toMatchObject(denied)
      await expect(client.send(new PutObjectTaggingCommand(tagging))).rejects.toMatchObject(denied)
      await ceph.client.send(new DeleteObjectCommand(owned))
      await using elsewhere = driver('v4-path', { forcePathStyle: true }, limited)
      await expect(elsewhere.list('/')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      client.destroy()
    })
  })

  it('takes signature V2 in path style, for requests and URLs', async () => {
    await using storage = driver('v4-path', { v4Auth: false, forcePathStyle: true })
    const writer = await storage.writer('/v2/a b+c')
    writer.write(Buffer.alloc(2 * part + 1, 'x'))
    await writer.commit()
    await storage.move('/v2/a b+c', '/v2/d')
    expect(await storage.list('/v2')).toEqual(['/v2/d'])
    const signed = await storage.urlFor('/v2/d')
    const fetched = await fetch(signed?.url ?? '', { headers: { range: 'bytes=1-3' } })
    expect([fetched.status, await fetched.text()]).toEqual([206, 'xxx'])
    await storage.delete('/v2')
    expect(await storage.list('/')).toEqual([])
  })

  it('stores objects encrypted with the key that keyid names', async () => {
    const bucket = 'v2-virtual-hosted-sse-kms'
    await using storage = driver(bucket, variants[bucket]?.options ?? {})
    await storage.putContent('/a', 'content')
    await storage.move('/a', '/b')
    const head = await ceph.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'b' }))
    expect(head).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: ceph.kmsKeyId })
    await storage.delete('/b')
  })
})
