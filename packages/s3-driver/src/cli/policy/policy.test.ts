import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import type { PolicyContext } from '@longshore/middleware-core/cli'
import { policies } from './index.ts'

interface Statement {
  Action: string[]
  Resource: string
  Condition?: object
}

const contextOf = (options: object, uploadOrigins: string[] = []): PolicyContext =>
  ({ layer: { options, where: 'storage.s3' }, uploadOrigins }) as unknown as PolicyContext

const plain = { region: 'eu-central-1', bucket: 'artifacts' }

function statements(options: object): Statement[] {
  const [iam] = policies.documents(contextOf({ ...plain, ...options }))
  return (iam as { document: { Statement: Statement[] } }).document.Statement
}

const resources = (options: object): string[] => statements(options).map(({ Resource }) => Resource)

describe('the IAM policy', () => {
  it('is that of the README', async () => {
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8')
    const [, json = ''] = /## Permissions\s+```json\n(.*?)```/s.exec(readme) ?? []
    expect(policies.documents(contextOf(plain)).map(({ document }) => document)).toEqual([JSON.parse(json)])
  })

  it.each([
    ['aws', { region: 'eu-west-1' }],
    ['aws-cn', { region: 'cn-north-1' }],
    ['aws-us-gov', { region: 'us-gov-west-1' }],
    ['aws-cn', { region: undefined, regionendpoint: 'https://s3.cn-north-1.amazonaws.com.cn' }],
    ['aws', { region: 'cn-of-ours', regionendpoint: 'https://s3.example.com' }],
  ])('is for the partition %s: %j', (partition, options) => {
    expect(resources(options)).toEqual([`arn:${partition}:s3:::artifacts`, `arn:${partition}:s3:::artifacts/*`])
  })

  it('is for the root directory alone, of which no character is a wildcard', () => {
    expect(resources({ rootdirectory: '/reg*/' })).toEqual([
      'arn:aws:s3:::artifacts',
      'arn:aws:s3:::artifacts/reg${*}/*',
    ])
  })

  it('is for an access point', () => {
    const bucket = 'arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/mine'
    expect(resources({ bucket, rootdirectory: 'r' })).toEqual([bucket, `${bucket}/object/r/*`])
  })

  it('lets ACLs be set where there are some', () => {
    expect(statements({ objectacl: 'private' })[1]?.Action).toContain('s3:PutObjectAcl')
  })

  it.each([
    ['arn:aws:kms:eu-central-1:123456789012:key/k', 'arn:aws:kms:eu-central-1:123456789012:key/k', undefined],
    ['1234', 'arn:aws:kms:eu-central-1:*:key/1234', undefined],
    ['alias/mine', 'arn:aws:kms:eu-central-1:*:key/*', 'alias/mine'],
    ['arn:aws:kms:eu-west-1:123456789012:alias/mine', 'arn:aws:kms:eu-west-1:123456789012:key/*', 'alias/mine'],
  ])('lets the key %s be used where it encrypts', (keyid, Resource, alias) => {
    const Condition = alias && { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } }
    expect(statements({ encrypt: true, keyid })[2]).toEqual({
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource,
      ...(Condition ? { Condition } : {}),
    })
    expect(statements({ keyid })).toHaveLength(2)
  })
})

describe('the CORS configuration', () => {
  it('is made for the origins that are given', () => {
    const [, cors] = policies.documents(contextOf(plain, ['https://app.example.com']))
    expect(cors).toMatchObject({
      name: 'cors',
      document: { CORSRules: [{ AllowedOrigins: ['https://app.example.com'], AllowedMethods: ['PUT'] }] },
    })
  })
})

it('names the place of the files, on Amazon S3', () => {
  expect(policies.resource?.(contextOf({ ...plain, rootdirectory: 'r' }))).toEqual({
    container: 'arn:aws:s3:::artifacts',
    files: 'arn:aws:s3:::artifacts/r/*',
  })
  expect(policies.resource?.(contextOf({ ...plain, regionendpoint: 'http://minio:9000' }))).toBeUndefined()
})
