import { readFile, readdir } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { parseTemplate, resourcesByType } from './cloudformation.ts'

const top = new URL('../../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, top), 'utf8')

const template = parseTemplate(await read('examples/aws/cloudformation.yml'))
const resources = resourcesByType(template)
const terraform = await read('examples/aws/terraform/main.tf')

interface Statement {
  Action: string | string[]
  Resource: unknown
}
const [onBucket, onObjects] = statementsOf(resources).map(statement => statement.Action)

/** Key and parameters of a template with everything that is optional. */
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/a'
const full = resourcesByType(template, {
  OriginPath: '/registry',
  KmsKeyArn: KEY,
  UploadOrigins: 'https://a.example.com,https://b.example.com',
})

function statementsOf(types: Record<string, unknown[]>): Statement[] {
  const [policy] = types['AWS::IAM::ManagedPolicy'] as [{ PolicyDocument: { Statement: Statement[] } }]
  return policy.PolicyDocument.Statement
}

/** Permissions of the S3 driver's commands ("Actions, resources, and condition keys for Amazon S3"). */
const PERMISSIONS: Record<string, string[]> = {
  HeadBucket: ['s3:ListBucket'],
  ListObjectsV2: ['s3:ListBucket'],
  ListMultipartUploads: ['s3:ListBucketMultipartUploads'],
  GetObject: ['s3:GetObject'],
  HeadObject: ['s3:GetObject'],
  PutObject: ['s3:PutObject'],
  CopyObject: ['s3:GetObject', 's3:PutObject'],
  DeleteObject: ['s3:DeleteObject'],
  DeleteObjects: ['s3:DeleteObject'],
  CreateMultipartUpload: ['s3:PutObject'],
  UploadPart: ['s3:PutObject'],
  UploadPartCopy: ['s3:GetObject', 's3:PutObject'],
  CompleteMultipartUpload: ['s3:PutObject'],
  AbortMultipartUpload: ['s3:AbortMultipartUpload'],
  ListParts: ['s3:ListMultipartUploadParts'],
}

describe('the permissions of the registry', () => {
  it('are those of the S3 driver’s requests, and no other', async () => {
    const needed = new Set<string>()
    const folder = new URL('packages/s3-driver/src/', top)
    for (const file of await readdir(folder, { recursive: true })) {
      // The doctor looks at settings of the bucket, as far as it may.
      if (!file.endsWith('.ts') || file.endsWith('.test.ts') || file.startsWith('cli/')) continue
      const source = await readFile(new URL(file, folder), 'utf8')
      const imported = /import \{([^}]*)\} from '@aws-sdk\/client-s3'/s.exec(source)?.[1] ?? ''
      for (const [, command = ''] of imported.matchAll(/(\w+)Command\b/g)) {
        expect(Object.keys(PERMISSIONS)).toContain(command)
        for (const permission of PERMISSIONS[command] ?? []) needed.add(permission)
      }
    }
    expect(new Set([onBucket, onObjects].flat())).toEqual(needed)
  })

  it('stand in the S3 driver’s README', async () => {
    const [, json = ''] = /## Permissions\s+```json\n(.*?)```/s.exec(await read('packages/s3-driver/README.md')) ?? []
    const { Statement: statements } = JSON.parse(json) as { Statement: Statement[] }
    expect(statements.map(statement => statement.Action)).toEqual([onBucket, onObjects])
  })

  it('are the same in Terraform', () => {
    const document = /data "aws_iam_policy_document" "driver" \{(.*?)\n\}/s.exec(terraform)?.[1] ?? ''
    const statements = [...document.matchAll(/actions\s*=\s*\[(.*?)\]/gs)].map(([, actions]) => texts(actions))
    const [, , onKey] = statementsOf(full)
    expect(onKey).toMatchObject({ Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: KEY })
    expect(statements).toEqual([onBucket, onObjects, onKey?.Action])
  })
})

describe('direct uploads of pages', () => {
  it('are allowed from the origins that are given, and from no other', () => {
    expect(resources['AWS::S3::Bucket']).toEqual([
      expect.not.objectContaining({ CorsConfiguration: expect.anything() }),
    ])
    const rule = {
      AllowedOrigins: ['https://a.example.com', 'https://b.example.com'],
      AllowedMethods: ['PUT'],
      AllowedHeaders: ['content-type', 'x-amz-*'],
    }
    expect(full['AWS::S3::Bucket']).toMatchObject([{ CorsConfiguration: { CorsRules: [rule] } }])
    const [, terraformRule = ''] = /cors_rule \{(.*?)\}/s.exec(terraform) ?? []
    expect(terraformRule).toMatch('allowed_origins = var.upload_origins')
    for (const list of ['allowed_methods = ["PUT"]', 'allowed_headers = ["content-type", "x-amz-*"]']) {
      expect(terraformRule).toMatch(list)
    }
  })
})

describe('the distribution', () => {
  it('runs the function of function/', async () => {
    const code = await read('examples/aws/function/registry-edge.js')
    expect(resources['AWS::CloudFront::Function']).toMatchObject([
      { FunctionCode: code, FunctionConfig: { Runtime: 'cloudfront-js-2.0' }, AutoPublish: true },
    ])
    expect(terraform).toMatch('file("${path.module}/../function/registry-edge.js")')
    for (const event of ['viewer-request', 'viewer-response']) expect(terraform).toMatch(`event_type   = "${event}"`)
  })

  it('passes the parameters of downloads to the bucket, and nothing else', async () => {
    const [{ CachePolicyConfig }] = resources['AWS::CloudFront::CachePolicy'] as [
      { CachePolicyConfig: { ParametersInCacheKeyAndForwardedToOrigin: Record<string, object> } },
    ]
    const { QueryStringsConfig, ...others } = CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin
    expect(others).toEqual({
      CookiesConfig: { CookieBehavior: 'none' },
      HeadersConfig: { HeaderBehavior: 'none' },
      EnableAcceptEncodingBrotli: false,
      EnableAcceptEncodingGzip: false,
    })
    const { QueryStrings } = QueryStringsConfig as { QueryStrings: string[] }
    const readme = await read('packages/middleware-cloudfront/README.md')
    expect(QueryStrings).toEqual([...new Set(readme.match(/response-[a-z-]+[a-z]/g))].toSorted())
    expect(texts(/query_strings \{\s*items = \[(.*?)\]/s.exec(terraform)?.[1])).toEqual(QueryStrings)
  })

  it('has the same values in Terraform', () => {
    for (const value of [
      'object_ownership = "BucketOwnerEnforced"',
      'restrict_public_buckets = true',
      'days_after_initiation = 7',
      'signing_behavior = "always"',
      'signing_protocol = "sigv4"',
      'http_version = "http2and3"',
      'viewer_protocol_policy = "https-only"',
      'compress = false',
      'allowed_methods = ["GET", "HEAD", "OPTIONS"]',
      'content_security_policy = "default-src \'none\'; sandbox"',
      'minimum_protocol_version = var.certificate_arn == null ? null : "TLSv1.2_2021"',
    ]) {
      expect(terraform.replaceAll(/ +/g, ' ')).toMatch(value)
    }
  })

  it('has an Origin Path only where one is given', () => {
    const origins = (types: Record<string, unknown[]>): object[] => {
      const [distribution] = types['AWS::CloudFront::Distribution'] as [{ DistributionConfig: { Origins: object[] } }]
      return distribution.DistributionConfig.Origins
    }
    expect(origins(resources)).toEqual([expect.not.objectContaining({ OriginPath: expect.anything() })])
    expect(origins(full)).toMatchObject([{ OriginPath: '/registry' }])
    expect(terraform).toMatch(/origin_path +=/)
  })
})

function texts(list = ''): string[] {
  return [...list.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text)
}
