import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type LocalCloud, type LocalCloudOptions, certify } from '@longshore/local-cloud'
import {
  type Configuration,
  type Diagnosis,
  examine,
  runDoctor,
  startRightCloud,
  writeConfiguration,
} from './src/doctor.ts'

type S3Options = NonNullable<LocalCloudOptions['s3']>

let directory: string
let cloud: LocalCloud

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-doctor-'))
})
afterEach(async () => {
  await cloud.close()
  await rm(directory, { recursive: true })
})

const start = async (s3: S3Options = {}, others: Omit<LocalCloudOptions, 's3'> = {}): Promise<void> => {
  cloud = await startRightCloud({ ...others, s3 })
}

const diagnose = async (s3: Configuration['s3'] = {}): Promise<Diagnosis> =>
  examine(await writeConfiguration(cloud, directory, { s3, cloudfront: false }))

/** What is in the bucket, uploads among it. */
const contents = (): unknown[] => {
  const bucket = cloud.s3.bucket(cloud.bucket)
  return [...bucket.keys(), ...bucket.uploads()]
}

describe('longshore doctor, at the bucket', () => {
  it.each([
    ['plain', {}],
    ['a root directory', { rootdirectory: '/in/side' }],
    ['encryption', { encrypt: true }],
    ['path style', { forcepathstyle: true }],
  ])('is all green for a right set-up: %s', async (_name, options) => {
    await start()
    const { code, problems, statuses } = await diagnose(options)
    expect(problems).toEqual([])
    expect(Object.entries(statuses).filter(([, status]) => status !== 'ok')).toEqual([])
    expect(Object.keys(statuses).filter(name => name.startsWith('s3/')).length).toBe(24)
    expect(code).toBe(0)
    expect(contents()).toEqual([])
  })

  it.each<[problem: string, options: S3Options, configuration: Configuration['s3']]>([
    ['unknown-host', {}, { regionendpoint: 'https://s3.longshore.invalid' }],
    ['unreachable', {}, { regionendpoint: 'http://127.0.0.1:9' }],
    ['bucket-missing', {}, { bucket: 'another' }],
    ['wrong-region', {}, { region: 'eu-central-1' }],
    ['unknown-access-key', {}, { accesskey: 'unknown' }],
    ['wrong-secret', {}, { secretkey: 'wrong' }],
    ['public-access', { bucketSettings: { publicAccessBlock: undefined } }, {}],
    ['bucket-public', { bucketSettings: { isPolicyPublic: true } }, {}],
    ['acls-disabled', {}, { objectacl: 'private' }],
    ['versioned', { bucketSettings: { versioning: 'Enabled' } }, {}],
    ['object-lock', { bucketSettings: { objectLock: true } }, {}],
    ['no-abort-rule', { bucketSettings: { lifecycleRules: [] } }, {}],
    [
      'no-abort-rule',
      { bucketSettings: { lifecycleRules: [{ id: 'a', prefix: 'other/', abortIncompleteMultipartUploadDays: 1 }] } },
      {},
    ],
    ['put-denied', { permissions: { deny: ['s3:PutObject'] } }, {}],
    ['get-denied', { permissions: { deny: ['s3:GetObject'] } }, {}],
    ['list-denied', { permissions: { deny: ['s3:ListBucket'] } }, {}],
    ['list-parts-denied', { permissions: { deny: ['s3:ListMultipartUploadParts'] } }, {}],
    ['abort-denied', { permissions: { deny: ['s3:AbortMultipartUpload'] } }, {}],
    ['sweep-denied', { permissions: { deny: ['s3:ListBucketMultipartUploads'] } }, {}],
  ])('names %s and nothing else', async (problem, options, configuration) => {
    await start(options)
    expect((await diagnose(configuration)).problems).toEqual([problem])
  })

  it('names files that expire, beside what does clean up', async () => {
    const clean = { id: 'clean', abortIncompleteMultipartUploadDays: 7 }
    const elsewhere = { id: 'logs', prefix: 'logs/', expirationDays: 30 }
    const lifecycleRules = [clean, elsewhere, { id: 'old', expirationDays: 90 }]
    await start({ bucketSettings: { lifecycleRules } })
    const { problems, output } = await diagnose({ rootdirectory: 'in' })
    expect(problems).toEqual(['files-expire'])
    expect(output).toContain('rule old')
  })

  it('names a delete that is denied, and says what stays', async () => {
    await start({ permissions: { deny: ['s3:DeleteObject'] } })
    expect((await diagnose()).problems).toEqual(['delete-denied', 'scratch-left'])
  })

  it('names several faults together', async () => {
    await start({
      permissions: { deny: ['s3:AbortMultipartUpload', 's3:ListBucket'] },
      bucketSettings: { lifecycleRules: [], isPolicyPublic: true },
    })
    expect((await diagnose()).problems).toEqual(['bucket-public', 'no-abort-rule', 'list-denied', 'abort-denied'])
  })

  it('leaves out settings that it may not see, and says what would show them', async () => {
    await start({ permissions: { deny: ['s3:GetLifecycleConfiguration', 's3:GetBucketPolicyStatus'] } })
    const { code, problems, statuses, output } = await diagnose()
    expect({ code, problems }).toEqual({ code: 0, problems: [] })
    expect([statuses['s3/lifecycle'], statuses['s3/policy']]).toEqual(['skipped', 'skipped'])
    expect(output).toContain('not seen: needs s3:GetLifecycleConfiguration')
  })

  it.each([
    ['clock', 3600],
    ['clock-drift', 300],
  ])('names %s, for a server that is %s s ahead', async (problem, seconds) => {
    await start()
    cloud.clock.offsetMs = seconds * 1000
    expect(new Set((await diagnose()).problems)).toEqual(new Set([problem]))
  })

  it('names a certificate that this machine does not trust, and none for one that it does', async () => {
    const tls = certify({ name: '127.0.0.1' })
    await start({ tls })
    const file = await writeConfiguration(cloud, directory, { s3: { forcepathstyle: true }, cloudfront: false })
    expect((await runDoctor(file, [])).problems).toEqual(['certificate'])
  })

  it('names HTTP where HTTPS is expected', async () => {
    await start()
    expect((await diagnose({ regionendpoint: cloud.s3.endpoint.replace('http:', 'https:') })).problems).toEqual([
      'not-tls',
    ])
  })

  it('names a public name that does not lead to the server', async () => {
    await start()
    expect((await diagnose({ redirectendpoint: 'http://127.0.0.1:9' })).problems).toEqual([
      'url-refused',
      'upload-url-refused',
      'upload-url-refused',
    ])
  })

  it('takes less than five seconds without credentials', async () => {
    await start()
    const file = await writeConfiguration(cloud, directory, {
      s3: { accesskey: undefined, secretkey: undefined },
      cloudfront: false,
    })
    const { code, problems, errors } = await runDoctor(file, [], { AWS_EC2_METADATA_DISABLED: 'true' })
    expect({ code, problems }).toEqual({ code: 1, problems: ['no-credentials'] })
    expect(errors).toBe('not all is well: s3/credentials\n')
  })
})
