import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { type LocalCloudOptions, certify } from '@longshore/local-cloud'
import { type Configuration, type Diagnosis, examine, runDoctor, writeConfiguration } from './src/doctor.ts'
import { useRightCloud } from './src/right-cloud.ts'

type S3Options = NonNullable<LocalCloudOptions['s3']>

const abortRule = { id: 'abort', abortIncompleteMultipartUploadDays: 7 }

/** Credentials that end. */
const temporary = { accessKeyId: 'ASIALOCAL', secretAccessKey: 'localSecretKey', sessionToken: 'local' }

const here = useRightCloud()

const start = (s3: S3Options = {}, others: Omit<LocalCloudOptions, 's3'> = {}): Promise<void> =>
  here.start({ ...others, s3 })

const diagnose = (s3: Configuration['s3'] = {}): Promise<Diagnosis> => here.diagnose({ s3, cloudfront: false })

/** Keys and uploads in the bucket. */
const contents = (): unknown[] => {
  const bucket = here.cloud.s3.bucket(here.cloud.bucket)
  return [...bucket.keys(), ...bucket.uploads()]
}

describe('longshore doctor, at the bucket', () => {
  it.each([
    ['plain', {}],
    ['a root directory', { rootdirectory: '/in/side' }],
    ['encryption', { encrypt: true }],
    ['path style', { forcepathstyle: true }],
    ['signature V2', { v4auth: false }],
    ['a key of KMS', { encrypt: true, keyid: 'arn:aws:kms:us-east-1:123456789012:key/k' }],
  ])('is all green for a right set-up: %s', async (_name, options) => {
    await start()
    const { code, problems, statuses, output } = await diagnose(options)
    expect(problems).toEqual([])
    expect(Object.entries(statuses).filter(([, status]) => status !== 'ok')).toEqual([])
    // Signature V2 signs no uploads of others.
    const count = 'v4auth' in options ? 22 : 24
    expect(Object.keys(statuses).filter(name => name.startsWith('s3/')).length).toBe(count)
    expect(code).toBe(0)
    expect(contents()).toEqual([])
    expect(output).not.toContain(here.cloud.credentials.secretAccessKey)
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
    [
      'acl-denied',
      { permissions: { deny: ['s3:PutObjectAcl'] }, bucketSettings: { objectOwnership: 'ObjectWriter' } },
      { objectacl: 'private' },
    ],
    ['access-refused', { permissions: { deny: ['s3:ListBucket', 's3:PutObject'] } }, {}],
    ['session-token-fixed', {}, { sessiontoken: 'local' }],
    ['redirect-endpoint', {}, { redirectendpoint: 'http://127.0.0.1:9' }],
    ['redirect-endpoint', {}, { redirectendpoint: 'http://s3.longshore.invalid' }],
  ])('names %s and nothing else', async (problem, options, configuration = {}) => {
    const given = 'sessiontoken' in configuration ? { credentials: temporary } : {}
    await start(options, given)
    const { problems, output } = await diagnose(configuration)
    expect(problems).toEqual([problem])
    expect(contents()).toEqual([])
    for (const action of options.permissions?.deny ?? []) expect(output).toContain(action)
    expect(output).not.toContain(here.cloud.credentials.secretAccessKey)
  })

  it('names the right region', async () => {
    await start({}, { region: 'eu-central-1' })
    expect((await diagnose({ region: 'eu-west-1' })).output).toContain('Set region: eu-central-1.')
  })

  it('asks nothing of a bucket that is not there', async () => {
    await start()
    const { statuses } = await diagnose({ bucket: 'another' })
    expect([statuses['s3/put'], statuses['storage/write']]).toEqual(['skipped', 'skipped'])
  })

  it('names none for rules of other files', async () => {
    const lifecycleRules = [
      abortRule,
      { id: 'beside', prefix: 'inside/', expirationDays: 1 },
      { id: 'off', status: 'Disabled' as const, expirationDays: 1 },
      { id: 'rests', prefix: 'in/~temporary/', expirationDays: 30 },
    ]
    await start({ bucketSettings: { lifecycleRules } })
    expect((await diagnose({ rootdirectory: 'in' })).problems).toEqual([])
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

  it.each(['s3/copy', 's3/multipart,s3/upload-url', 'storage'])(
    'removes its files one by one where it may list none: --only %s',
    async only => {
      await start({ permissions: { deny: ['s3:ListBucket'] } })
      const file = await writeConfiguration(here.cloud, here.directory, { cloudfront: false })
      const { problems } = await examine(file, '--only', only)
      expect(problems).not.toContain('scratch-left')
      expect(contents()).toEqual([])
    },
  )

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
    expect(output).toContain('not to be seen without s3:GetLifecycleConfiguration')
  })

  it.each([
    ['clock', 3600],
    ['clock-drift', 300],
  ])('names %s, for a server that is %s s ahead', async (problem, seconds) => {
    await start()
    here.cloud.clock.offsetMs = seconds * 1000
    expect(new Set((await diagnose()).problems)).toEqual(new Set([problem]))
  })

  it('names a certificate that this machine does not trust, and none for one that it does', async () => {
    const tls = certify({ name: '127.0.0.1' })
    await start({ tls })
    const file = await writeConfiguration(here.cloud, here.directory, {
      s3: { forcepathstyle: true },
      cloudfront: false,
    })
    expect((await runDoctor(file, [])).problems).toEqual(['certificate-untrusted'])
  })

  it('names HTTP where HTTPS is expected', async () => {
    await start()
    expect((await diagnose({ regionendpoint: here.cloud.s3.endpoint.replace('http:', 'https:') })).problems).toEqual([
      'not-tls',
    ])
  })

  it('names HTTPS where HTTP is expected', async () => {
    await start({ tls: certify({ name: '127.0.0.1' }) })
    const regionendpoint = here.cloud.s3.endpoint.replace('https:', 'http:')
    expect((await diagnose({ regionendpoint })).problems).toEqual(['https-wanted'])
  })

  it('asks with skipverify as the driver does, and warns of it', async () => {
    await start({ tls: certify({ name: '127.0.0.1' }) })
    const { problems, statuses } = await diagnose({ skipverify: true })
    expect(problems).toEqual(['certificate-unchecked'])
    expect([statuses['s3/url'], statuses['s3/upload-url'], statuses['s3/upload-form']]).toEqual(['ok', 'ok', 'ok'])
  })

  it('names a clock that differs and a wrong secret together', async () => {
    await start()
    here.cloud.clock.offsetMs = 16 * 60_000
    expect((await diagnose({ secretkey: 'wrong' })).problems).toEqual(['clock', 'wrong-secret'])
  })

  it('does not wait for a server that takes connections and is silent', async () => {
    await start()
    await using silent = createServer(socket => socket.resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const regionendpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const { problems, statuses, output } = await diagnose({ regionendpoint })
    expect([problems, statuses['storage/write']]).toEqual([['unreachable'], 'skipped'])
    expect(output).toContain('ETIMEDOUT')
  })

  it('takes less than five seconds without credentials', async () => {
    await start()
    const file = await writeConfiguration(here.cloud, here.directory, {
      s3: { accesskey: undefined, secretkey: undefined },
      cloudfront: false,
    })
    const { code, problems, errors } = await runDoctor(file, [], { AWS_EC2_METADATA_DISABLED: 'true' })
    expect({ code, problems }).toEqual({ code: 1, problems: ['no-credentials'] })
    expect(errors).toBe('not all is well: s3/credentials\n')
  })
})
