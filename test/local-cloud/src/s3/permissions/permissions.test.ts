import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../../../test/client.ts'
import { type LocalS3, type S3Action, startS3 } from '../../index.ts'

const Bucket = 'bucket'
const Key = 'dir/key'
const arn = 'arn:aws:s3:::bucket/dir/key'
let s3: LocalS3
let client: S3Client
let UploadId: string

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  // Parts without a checksum, which the uploads do not name.
  client = sdk(s3, { requestChecksumCalculation: 'WHEN_REQUIRED' })
})
beforeEach(async () => {
  s3.permissions.deny = []
  s3.bucket(Bucket).clear()
  await s3.bucket(Bucket).put(Key, 'content')
  UploadId = (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId!
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

const CopySource = `${Bucket}/${Key}`
const part = () => ({ Bucket, Key, UploadId, PartNumber: 1 })

/** Of each operation: the actions without any one of which it is refused, and what they are about. */
const needs: [name: string, actions: S3Action[], resource: string, run: () => Promise<unknown>][] = [
  ['PutObject', ['s3:PutObject'], arn, () => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))],
  [
    'PutObject, tagged',
    ['s3:PutObject', 's3:PutObjectTagging'],
    arn,
    () => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'a=b' })),
  ],
  ['GetObject', ['s3:GetObject'], arn, () => client.send(new GetObjectCommand({ Bucket, Key }))],
  ['HeadObject', ['s3:GetObject'], arn, () => client.send(new HeadObjectCommand({ Bucket, Key }))],
  [
    'CopyObject',
    ['s3:GetObject', 's3:PutObject'],
    arn,
    () => client.send(new CopyObjectCommand({ Bucket, Key, CopySource, MetadataDirective: 'REPLACE' })),
  ],
  ['DeleteObject', ['s3:DeleteObject'], arn, () => client.send(new DeleteObjectCommand({ Bucket, Key }))],
  [
    'DeleteObject of an ETag',
    ['s3:DeleteObject', 's3:GetObject'],
    arn,
    () => client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: s3.bucket(Bucket).info(Key)!.etag })),
  ],
  [
    'CreateMultipartUpload',
    ['s3:PutObject'],
    arn,
    () => client.send(new CreateMultipartUploadCommand({ Bucket, Key })),
  ],
  ['UploadPart', ['s3:PutObject'], arn, () => client.send(new UploadPartCommand({ ...part(), Body: 'x' }))],
  [
    'UploadPartCopy',
    ['s3:GetObject', 's3:PutObject'],
    arn,
    () => client.send(new UploadPartCopyCommand({ ...part(), CopySource })),
  ],
  ['ListParts', ['s3:ListMultipartUploadParts'], arn, () => client.send(new ListPartsCommand(part()))],
  [
    'AbortMultipartUpload',
    ['s3:AbortMultipartUpload'],
    arn,
    () => client.send(new AbortMultipartUploadCommand(part())),
  ],
  ['CompleteMultipartUpload', ['s3:PutObject'], arn, complete],
  ['HeadBucket', ['s3:ListBucket'], 'arn:aws:s3:::bucket', () => client.send(new HeadBucketCommand({ Bucket }))],
  ['ListObjects', ['s3:ListBucket'], 'arn:aws:s3:::bucket', () => client.send(new ListObjectsCommand({ Bucket }))],
  [
    'ListObjectsV2',
    ['s3:ListBucket'],
    'arn:aws:s3:::bucket',
    () => client.send(new ListObjectsV2Command({ Bucket, Prefix: 'dir/' })),
  ],
  [
    'ListMultipartUploads',
    ['s3:ListBucketMultipartUploads'],
    'arn:aws:s3:::bucket',
    () => client.send(new ListMultipartUploadsCommand({ Bucket })),
  ],
  [
    'GetBucketLocation',
    ['s3:GetBucketLocation'],
    'arn:aws:s3:::bucket',
    () => client.send(new GetBucketLocationCommand({ Bucket })),
  ],
  ['ListBuckets', ['s3:ListAllMyBuckets'], 'arn:aws:s3:::*', () => client.send(new ListBucketsCommand({}))],
  [
    'CreateBucket and DeleteBucket',
    ['s3:CreateBucket', 's3:DeleteBucket'],
    'arn:aws:s3:::another',
    async () => {
      await client.send(new CreateBucketCommand({ Bucket: 'another' })).catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error
      })
      await client.send(new DeleteBucketCommand({ Bucket: 'another' }))
    },
  ],
]

async function complete(): Promise<void> {
  const allowed = s3.permissions.deny
  s3.permissions.deny = []
  const { ETag } = await client.send(new UploadPartCommand({ ...part(), Body: 'x' }))
  s3.permissions.deny = allowed
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
}

describe('an action that is not allowed', () => {
  it.each(needs)('refuses %s for want of %p', async (_name, actions, resource, run) => {
    for (const action of actions) {
      s3.permissions.deny = [action]
      const error = await run().then(
        () => undefined,
        (thrown: unknown) => thrown as Error & { $metadata: { httpStatusCode?: number }; $response?: unknown },
      )
      expect([action, error?.$metadata.httpStatusCode]).toEqual([action, 403])
      // HEAD has no body to say more in.
      if (_name.startsWith('Head')) continue
      expect(error?.name).toBe('AccessDenied')
      expect(error?.message).toBe(
        `User: arn:aws:iam::123456789012:user/localAccessKey is not authorized to perform: ${action} on resource: ` +
          `"${resource}" because no identity-based policy allows the ${action} action`,
      )
    }
  })

  it.each(needs)('%s needs no other', async (_name, actions, _resource, run) => {
    const others = needs.flatMap(([, all]) => all).filter(action => !actions.includes(action))
    s3.permissions.deny = others
    await run()
  })

  it('DeleteObjects: is told of key by key', async () => {
    const Delete = { Objects: [{ Key }, { Key: 'absent' }] }
    s3.permissions.deny = ['s3:DeleteObject']
    const { Errors, Deleted } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
    expect(Errors?.map(error => [error.Key, error.Code])).toEqual([
      [Key, 'AccessDenied'],
      ['absent', 'AccessDenied'],
    ])
    expect([Deleted, s3.bucket(Bucket).keys()]).toEqual([undefined, [Key]])
  })
})

describe('a key that is not there', () => {
  const absent = { Bucket, Key: 'absent' }

  it('is 404 for who may list the bucket, and 403 for others', async () => {
    expect(await failure(client.send(new GetObjectCommand(absent)))).toEqual({ code: 'NoSuchKey', status: 404 })
    expect((await failure(client.send(new HeadObjectCommand(absent)))).status).toBe(404)
    s3.permissions.deny = ['s3:ListBucket']
    expect(await failure(client.send(new GetObjectCommand(absent)))).toEqual({ code: 'AccessDenied', status: 403 })
    expect((await failure(client.send(new HeadObjectCommand(absent)))).status).toBe(403)
    const copy = new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/absent` })
    expect(await failure(client.send(copy))).toEqual({ code: 'AccessDenied', status: 403 })
  })

  it('can be deleted without a look at it', async () => {
    s3.permissions.deny = ['s3:ListBucket', 's3:GetObject']
    await client.send(new DeleteObjectCommand(absent))
  })
})

it('says that a bucket is not there before it asks what is allowed in it', async () => {
  s3.permissions.deny = ['s3:GetObject', 's3:ListBucket']
  const read = client.send(new GetObjectCommand({ Bucket: 'no-such-bucket', Key }))
  expect(await failure(read)).toEqual({ code: 'NoSuchBucket', status: 404 })
})

it('can be given at the start', async () => {
  await using strict = await startS3({ buckets: [Bucket], permissions: { deny: ['s3:PutObject'] } })
  const writer = sdk(strict)
  expect((await failure(writer.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })))).status).toBe(403)
  writer.destroy()
})
