import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { type Outcome, runLongshore } from '../../../test/longshore.ts'
import { rsaKey } from '../../../test/signing-keys.ts'

const distribution = 'arn:aws:cloudfront::123456789012:distribution/E1A2B3C4'
const key = rsaKey()
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-policy-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function policy(args: string[], s3 = {}): Promise<Outcome> {
  const options = { baseurl: 'https://d111111abcdef8.cloudfront.net', keypairid: 'K1', privatekey: key.pem }
  const config = {
    storage: { s3: { region: 'eu-central-1', bucket: 'images', rootdirectory: 'registry', ...s3 } },
    middleware: { storage: [{ name: 'cloudfront', options }] },
  }
  const file = join(directory, 'config.yml')
  await writeFile(file, JSON.stringify(config))
  return runLongshore(['policy', file, ...args], directory, {
    '@longshore/s3-driver': () => import('@longshore/s3-driver'),
    '@longshore/s3-driver/cli': () => import('@longshore/s3-driver/cli'),
    '@longshore/middleware-cloudfront': () => import('../../index.ts'),
    '@longshore/middleware-cloudfront/cli': () => import('../index.ts'),
  })
}

it('prints the policy of the bucket for the distribution', async () => {
  const { code, out } = await policy(['--only', 'cloudfront/bucket', '--distribution', distribution])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 's3:*',
        Resource: ['arn:aws:s3:::images', 'arn:aws:s3:::images/*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        Effect: 'Allow',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::images/registry/*',
        Condition: { StringEquals: { 'AWS:SourceArn': distribution } },
      },
    ],
  })
})

it('takes the ID of the distribution, with its account', async () => {
  const byId = await policy(['--distribution', 'E1A2B3C4', '--account', '123456789012'])
  expect(byId.out).toBe((await policy(['--distribution', distribution])).out)
  expect(byId.out).toMatch(/^# s3\/iam: [^]*^# cloudfront\/bucket: /m)
})

it('says what it needs for it, and prints the rest', async () => {
  const { code, out, error } = await policy([])
  expect([code, error]).toEqual([
    0,
    'cloudfront/bucket (policy of the bucket, for the Origin access control of the distribution) needs --distribution\n',
  ])
  expect(out).toMatch(/^# s3\/iam: /)
})

it.each([
  [
    ['--distribution', 'd.cloudfront.net'],
    '--distribution: found d.cloudfront.net; accepted: the ARN of a distribution, or its ID such as E1A2B3C4D5E6F7\n',
  ],
  [
    ['--distribution', 'E1A2B3C4'],
    '--account: missing; accepted: the 12 digits of the account of distribution E1A2B3C4\n',
  ],
  [
    ['--distribution', 'E1A2B3C4', '--account', 'me'],
    '--account: found me; accepted: the 12 digits of the account of distribution E1A2B3C4\n',
  ],
  [
    ['--distribution', distribution, '--account', '210987654321'],
    '--account: found 210987654321; accepted with the ARN of a distribution: none, as it names its own\n',
  ],
])('refuses %j', async (args, message) => {
  expect(await policy(args)).toEqual({ code: 1, out: '', error: message })
})

it('is not made for other servers than Amazon’s', async () => {
  const { out, error } = await policy([], { regionendpoint: 'http://minio:9000' })
  expect(error).toBe('')
  expect(out).not.toContain('cloudfront/')
})
