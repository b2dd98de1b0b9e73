import {
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../../test/client.ts'
import { type BucketSettings, type LocalS3, type S3Action, startS3 } from '../index.ts'

const Bucket = 'bucket'
let s3: LocalS3
let client: S3Client
let defaults: BucketSettings

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket], region: 'eu-central-1' })
  client = sdk(s3, { region: 'eu-central-1' })
  defaults = { ...s3.bucketSettings }
})
beforeEach(() => {
  Object.assign(s3.bucketSettings, defaults)
  Object.assign(s3.permissions, { deny: [], cloudFront: ['s3:GetObject'] })
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

/** The document of an answer, without what the SDK adds. */
async function read(run: (client: S3Client) => Promise<object>): Promise<object> {
  const { $metadata: _, ...output } = (await run(client)) as { $metadata: unknown }
  return JSON.parse(JSON.stringify(output)) as object
}

const all = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true }

interface Setting {
  run: (client: S3Client, bucket?: string) => Promise<object>
  action: S3Action
  /** The answer of a new bucket, or the code of its 404. */
  fresh: object | string
  changes: Partial<BucketSettings>
  changed: object | string
}

const settings: Record<string, Setting> = {
  GetPublicAccessBlock: {
    run: (s, name = Bucket) => s.send(new GetPublicAccessBlockCommand({ Bucket: name })),
    action: 's3:GetBucketPublicAccessBlock',
    fresh: { PublicAccessBlockConfiguration: all },
    changes: { publicAccessBlock: undefined },
    changed: 'NoSuchPublicAccessBlockConfiguration',
  },
  GetBucketOwnershipControls: {
    run: (s, name = Bucket) => s.send(new GetBucketOwnershipControlsCommand({ Bucket: name })),
    action: 's3:GetBucketOwnershipControls',
    fresh: { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } },
    changes: { objectOwnership: undefined },
    changed: 'OwnershipControlsNotFoundError',
  },
  GetBucketVersioning: {
    run: (s, name = Bucket) => s.send(new GetBucketVersioningCommand({ Bucket: name })),
    action: 's3:GetBucketVersioning',
    fresh: {},
    changes: { versioning: 'Suspended' },
    changed: { Status: 'Suspended' },
  },
  GetBucketLifecycleConfiguration: {
    run: (s, name = Bucket) => s.send(new GetBucketLifecycleConfigurationCommand({ Bucket: name })),
    action: 's3:GetLifecycleConfiguration',
    fresh: 'NoSuchLifecycleConfiguration',
    changes: {
      lifecycleRules: [
        { id: 'abort', abortIncompleteMultipartUploadDays: 7 },
        { id: 'old', prefix: 'logs/', status: 'Disabled', expirationDays: 30 },
      ],
    },
    changed: {
      TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K',
      Rules: [
        {
          ID: 'abort',
          Filter: { Prefix: '' },
          Status: 'Enabled',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
        { ID: 'old', Filter: { Prefix: 'logs/' }, Status: 'Disabled', Expiration: { Days: 30 } },
      ],
    },
  },
  GetBucketEncryption: {
    run: (s, name = Bucket) => s.send(new GetBucketEncryptionCommand({ Bucket: name })),
    action: 's3:GetEncryptionConfiguration',
    fresh: {
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
      },
    },
    changes: { encryption: 'aws:kms' },
    changed: {
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true }],
      },
    },
  },
  GetBucketPolicyStatus: {
    run: (s, name = Bucket) => s.send(new GetBucketPolicyStatusCommand({ Bucket: name })),
    action: 's3:GetBucketPolicyStatus',
    fresh: { PolicyStatus: { IsPublic: false } },
    changes: { isPolicyPublic: true },
    changed: { PolicyStatus: { IsPublic: true } },
  },
  GetObjectLockConfiguration: {
    run: (s, name = Bucket) => s.send(new GetObjectLockConfigurationCommand({ Bucket: name })),
    action: 's3:GetBucketObjectLockConfiguration',
    fresh: 'ObjectLockConfigurationNotFoundError',
    changes: { objectLock: true },
    changed: {
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
      },
    },
  },
  GetBucketCors: {
    run: (s, name = Bucket) => s.send(new GetBucketCorsCommand({ Bucket: name })),
    action: 's3:GetBucketCORS',
    fresh: 'NoSuchCORSConfiguration',
    changes: { cors: { origins: ['https://a.example'], methods: ['PUT'] } },
    changed: {
      CORSRules: [
        {
          AllowedOrigins: ['https://a.example'],
          AllowedMethods: ['PUT'],
          AllowedHeaders: ['*'],
          ExposeHeaders: ['ETag'],
          MaxAgeSeconds: 3000,
        },
      ],
    },
  },
}

describe.each(Object.entries(settings))('%s', (name, { run, action, fresh, changes, changed }) => {
  async function expectAnswer(expected: object | string): Promise<void> {
    if (typeof expected === 'string') expect(await failure(run(client))).toEqual({ code: expected, status: 404 })
    else expect(await read(run)).toEqual(expected)
  }

  it('says what a new bucket of AWS says, and what was changed', async () => {
    await expectAnswer(fresh)
    Object.assign(s3.bucketSettings, changes)
    await expectAnswer(changed)
    expect(s3.requests.records.at(-1)?.operation).toBe(name)
  })

  it('is refused without its permission, and for a bucket that is not there', async () => {
    expect(await failure(run(client, 'no-such-bucket'))).toEqual({ code: 'NoSuchBucket', status: 404 })
    s3.permissions.deny = [action]
    expect(await failure(run(client))).toEqual({ code: 'AccessDenied', status: 403 })
  })
})

it('has no policy where the distribution is granted nothing', async () => {
  s3.permissions.cloudFront = []
  const status = client.send(new GetBucketPolicyStatusCommand({ Bucket }))
  expect(await failure(status)).toEqual({ code: 'NoSuchBucketPolicy', status: 404 })
})

it('can be given at the start', async () => {
  await using versioned = await startS3({ buckets: [Bucket], bucketSettings: { versioning: 'Enabled' } })
  const reader = sdk(versioned)
  expect((await reader.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')
  reader.destroy()
})

it('names its region, to those who may not look into it, too', async () => {
  const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket }))
  expect(LocationConstraint).toBe('eu-central-1')
  const head = () => client.send(new HeadBucketCommand({ Bucket }))
  expect((await head()).BucketRegion).toBe('eu-central-1')
  s3.permissions.deny = ['s3:ListBucket']
  const regionOf = (error: { $response?: { headers: Record<string, string> } }) =>
    error.$response?.headers['x-amz-bucket-region']
  expect(await head().catch(regionOf)).toBe('eu-central-1')
  const elsewhere = sdk(s3, { region: 'us-west-2' })
  expect(await elsewhere.send(new HeadBucketCommand({ Bucket })).catch(regionOf)).toBe('eu-central-1')
  elsewhere.destroy()
})
