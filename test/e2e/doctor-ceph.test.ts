import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { type Ceph, type Credentials, startCeph } from './src/ceph.ts'
import { documentedPolicy } from './src/documented-policy.ts'
import { type Diagnosis, runDoctor } from './src/doctor.ts'
import { describeWith } from './src/programs.ts'

describeWith(['radosgw'], 'longshore doctor, on Ceph', () => {
  let ceph: Ceph
  let limited: Credentials
  let directory: string

  beforeAll(async () => {
    ceph = await startCeph()
    for (const bucket of ['artifacts', 'limited', 'bare']) await ceph.createBucket(bucket)
    limited = await ceph.createUser('limited')
    for (const Bucket of ['artifacts', 'limited']) {
      const abort = {
        ID: 'abort',
        Status: 'Enabled',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      } as const
      const LifecycleConfiguration = { Rules: [{ ...abort, Filter: { Prefix: '' } }] }
      await ceph.client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))
    }
  })
  afterAll(async () => {
    await ceph?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'longshore-doctor-'))
    await allow()
  })
  afterEach(() => rm(directory, { recursive: true }))

  /** Lets the limited user do in its bucket what the README says, but for one action. */
  async function allow(denied?: string): Promise<void> {
    const policy = await documentedPolicy('limited', 'limited')
    for (const statement of policy.Statement) statement.Action = statement.Action.filter(action => action !== denied)
    await ceph.setPolicy('limited', policy)
  }

  async function examine(options: object = {}, { accessKeyId, secretAccessKey } = ceph.owner): Promise<Diagnosis> {
    const s3 = {
      bucket: 'artifacts',
      region: 'us-east-1',
      regionendpoint: ceph.endpoint,
      forcepathstyle: true,
      accesskey: accessKeyId,
      secretkey: secretAccessKey,
      ...options,
    }
    const file = join(directory, 'config.yml')
    await writeFile(file, JSON.stringify({ storage: { s3 } }))
    return runDoctor(file, [])
  }

  async function contents(Bucket: string): Promise<unknown[]> {
    const { Contents = [] } = await ceph.client.send(new ListObjectsV2Command({ Bucket }))
    const { Uploads = [] } = await ceph.client.send(new ListMultipartUploadsCommand({ Bucket }))
    return [...Contents, ...Uploads]
  }

  it.each([
    ['signature V4', {}],
    ['signature V2', { v4auth: false }],
    ['a root directory', { rootdirectory: '/in/side' }],
  ])('is all green for a right set-up: %s', async (_name, options) => {
    const { code, problems, statuses } = await examine(options)
    expect(problems).toEqual([])
    expect(Object.values(statuses).filter(status => status === 'failed' || status === 'warning')).toEqual([])
    // Ceph 16 has neither ownership nor Block Public Access as AWS means them.
    const skipped = Object.keys(statuses).filter(name => statuses[name] === 'skipped')
    expect(['s3/ownership', 's3/public-access', 's3/object-lock', 's3/policy']).toEqual(expect.arrayContaining(skipped))
    expect(code).toBe(0)
    expect(await contents('artifacts')).toEqual([])
  })

  it('is all green for a user who has exactly the documented permissions', async () => {
    const { code, problems } = await examine({ bucket: 'limited' }, limited)
    expect([code, problems]).toEqual([0, []])
    expect(await contents('limited')).toEqual([])
  })

  it.each([
    ['bucket-missing', { bucket: 'no-such-bucket' }],
    ['unknown-access-key', { accesskey: 'unknown' }],
    ['wrong-secret', { secretkey: 'wrong' }],
    ['no-abort-rule', { bucket: 'bare' }],
    ['unreachable', { regionendpoint: 'http://127.0.0.1:1' }],
    ['redirect-endpoint', { redirectendpoint: 'http://127.0.0.1:1' }],
  ])('names %s, and nothing else', async (problem, options) => {
    expect((await examine(options)).problems).toEqual([problem])
    expect(await contents('artifacts')).toEqual([])
  })

  it('names credentials of somebody who has no business there', async () => {
    expect((await examine({ bucket: 'bare' }, limited)).problems).toEqual(['access-refused'])
  })

  // What it has written itself Ceph lets a user read, whatever the policy says.
  it.each([
    ['s3:PutObject', 'put-denied'],
    ['s3:ListBucket', 'list-denied'],
    ['s3:AbortMultipartUpload', 'abort-denied'],
    ['s3:ListBucketMultipartUploads', 'sweep-denied'],
  ])('names the permission %s', async (action, problem) => {
    await allow(action)
    const { problems, output } = await examine({ bucket: 'limited' }, limited)
    expect(problems).toEqual([problem])
    expect(output).toContain(action)
    expect(await contents('limited')).toEqual([])
  })

  it('names two faults together', async () => {
    await allow('s3:AbortMultipartUpload')
    const { problems } = await examine({ bucket: 'limited', redirectendpoint: 'http://127.0.0.1:1' }, limited)
    expect(problems).toEqual(['abort-denied', 'redirect-endpoint'])
  })
})
