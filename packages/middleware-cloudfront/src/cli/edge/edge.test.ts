import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Outcome, runLongshore } from '../../../test/longshore.ts'
import { ecKey, rsaKey } from '../../../test/signing-keys.ts'
import { templatesFrom } from './index.ts'

/** The build puts these into the package. */
const edge = templatesFrom(new URL('../../../../../examples/aws/', import.meta.url))

const old = rsaKey()
const next = ecKey()
const third = ecKey()
const pemOf = ({ publicKey }: typeof old): string => publicKey.export({ type: 'spki', format: 'pem' }).toString()

const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/1a2b'
const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'

let directory: string
const local = (name: string): string => join(directory, name)

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-edge-'))
  await writeFile(local('old.pem'), old.pem)
  await writeFile(local('next.pem'), next.pem)
  await writeFile(local('third.pem'), third.pem)
})
afterEach(() => rm(directory, { recursive: true }))

const plainS3 = 'region: eu-central-1, bucket: images'
const plainUrl = "baseurl: 'https://d111111abcdef8.cloudfront.net/'"
const oneKey = (): string => `keypairid: K1, privatekey: ${local('old.pem')}`
const keysOf = (...names: string[]): string =>
  `keys: [${names.map(name => `{keypairid: K-${name}, privatekey: ${local(`${name}.pem`)}}`).join(', ')}]`

interface Configuration {
  s3?: string
  options?: string
  storage?: string
}

async function write(
  { s3 = plainS3, options = `${plainUrl}, ${oneKey()}`, storage = `{s3: {${s3}}}` }: Configuration,
  ...args: string[]
): Promise<Outcome> {
  await writeFile(
    local('config.yml'),
    `storage: ${storage}\nmiddleware: {storage: [{name: cloudfront, options: {${options}}}]}\n`,
  )
  const modules: Record<string, () => Promise<unknown>> = {
    '@longshore/s3-driver': () => import('@longshore/s3-driver'),
    '@longshore/middleware-cloudfront': () => import('../../index.ts'),
    '@longshore/middleware-cloudfront/cli': async () => ({ edge }),
  }
  return runLongshore(['edge', local('config.yml'), '--out', local('out'), ...args], directory, modules)
}

async function parameters(): Promise<Record<string, string>> {
  const list = JSON.parse(await readFile(local('out/parameters.json'), 'utf8')) as Record<string, string>[]
  return Object.fromEntries(list.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]))
}

/** Every option that says something to the templates. */
const everything = (): [Configuration, ...string[]] => [
  {
    s3: `${plainS3}, rootdirectory: /registry, encrypt: true, keyid: '${keyArn}', accelerate: true`,
    options: `baseurl: cdn.example.com, ${keysOf('next', 'old')}, originpath: registry/, policy: custom, bindclientip: true`,
  },
  '--certificate',
  certificate,
  '--upload-origin',
  'https://a.example.com',
  '--upload-origin',
  'http://localhost:8080/',
  '--name',
  'artifacts',
]

describe('longshore edge --format cloudformation', () => {
  it('is the default, and needs nothing but the keys and the bucket', async () => {
    const { code, out, error } = await write({})
    expect(error).toBe('')
    expect(code).toBe(0)
    expect((await readdir(local('out'))).toSorted()).toEqual(['cloudformation.yml', 'parameters.json'])
    // A deployment leaves parameters alone that are not given, so that none may be missing.
    expect(await parameters()).toEqual({
      PublicKey: pemOf(old),
      SecondPublicKey: '',
      BucketName: 'images',
      OriginPath: '',
      DomainName: '',
      CertificateArn: '',
      KmsKeyArn: '',
      UploadOrigins: '',
      EnableIpv6: 'true',
    })
    expect(out.split('\n')).toEqual([
      'out/cloudformation.yml',
      'out/parameters.json',
      '',
      'These make all of it, the bucket images in eu-central-1 included:',
      '  cd out',
      '  aws cloudformation deploy --region eu-central-1 --stack-name longshore --template-file cloudformation.yml --parameter-overrides file://parameters.json --capabilities CAPABILITY_IAM',
      "  aws cloudformation describe-stacks --region eu-central-1 --stack-name longshore --query 'Stacks[0].Outputs' --output table",
      '',
      'Options of config.yml, and the outputs that go there:',
      '  middleware.storage[0].options.baseurl    BaseUrl',
      '  middleware.storage[0].options.keypairid  KeyPairId',
      '',
      'Then try all of it out:',
      '  longshore doctor config.yml',
      '',
    ])
  })

  it('has everything that the configuration says', async () => {
    const { code, out } = await write(...everything())
    expect(code).toBe(0)
    expect(await parameters()).toEqual({
      PublicKey: pemOf(old),
      SecondPublicKey: pemOf(next),
      BucketName: 'images',
      OriginPath: '/registry',
      DomainName: 'cdn.example.com',
      CertificateArn: certificate,
      KmsKeyArn: keyArn,
      UploadOrigins: 'https://a.example.com,http://localhost:8080',
      EnableIpv6: 'false',
    })
    expect(out).toMatch(/--stack-name artifacts /)
    expect(out).toMatch(/keys\[0\]\.keypairid {2}SecondKeyPairId\n.*keys\[1\]\.keypairid {2}KeyPairId\n/)
    expect(out).not.toMatch('options.baseurl')
    expect(out).toMatch('record for cdn.example.com: the output DistributionDomainName')
    const [, statement = ''] = /\n( {2}\{\n.*?\n {2}\})\n/s.exec(out) ?? []
    expect(JSON.parse(statement)).toEqual({
      Effect: 'Allow',
      Principal: { Service: 'cloudfront.amazonaws.com' },
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { StringEquals: { 'AWS:SourceArn': 'DistributionArn' } },
    })
    expect(out).toMatch('put-bucket-accelerate-configuration --bucket images ')
  })

  it('changes no key in place while keys are rotated', async () => {
    const keys = async (...names: string[]): Promise<(string | undefined)[]> => {
      const { error } = await write({ options: `${plainUrl}, ${keysOf(...names)}` }, '--force')
      expect(error).toBe('')
      const { PublicKey, SecondPublicKey } = await parameters()
      return [PublicKey, SecondPublicKey]
    }
    expect(await keys('old')).toEqual([pemOf(old), ''])
    expect(await keys('next', 'old')).toEqual([pemOf(old), pemOf(next)])
    expect(await keys('next')).toEqual(['', pemOf(next)])
    expect(await keys('third', 'next')).toEqual([pemOf(third), pemOf(next)])
    expect(await write({ options: `${plainUrl}, ${keysOf('old', 'third')}` }, '--force')).toEqual({
      code: 1,
      out: '',
      error:
        'middleware.storage[0].options.keys: found a new key, but parameters.json has others as PublicKey and SecondPublicKey; accepted: first one key less, written and deployed\n',
    })
    await writeFile(local('out/parameters.json'), '{"PublicKey": "mine"}')
    expect((await write({}, '--force')).error).toBe(
      'parameters.json: found no list of parameters; accepted: as it was written, or none\n',
    )
  })

  it('reads the region off an endpoint of Amazon’s own, and the key by its ID', async () => {
    const id = '1234abcd-12ab-34cd-56ef-1234567890ab'
    const endpoint = 'bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com'
    const { error, out } = await write({
      s3: `bucket: images, regionendpoint: ${endpoint}, encrypt: true, keyid: ${id}`,
    })
    expect(error).toBe('')
    expect(out).toMatch('--region eu-west-1 ')
    expect((await parameters())['KmsKeyArn']).toBe(`arn:aws:kms:eu-west-1:*:key/${id}`)
  })

  it('has no permission for a key that encrypts nothing', async () => {
    await write({ s3: `${plainS3}, keyid: alias/images` })
    expect((await parameters())['KmsKeyArn']).toBe('')
  })
})

describe('longshore edge --format terraform', () => {
  it('calls the module', async () => {
    const { code, out } = await write({}, '--format', 'terraform')
    expect(code).toBe(0)
    const [, name = ''] = /key_pair_ids\["(key-[0-9a-f]{8})"\]/.exec(out) ?? []
    expect(await readFile(local('out/main.tf'), 'utf8')).toBe(`provider "aws" {
  region = "eu-central-1"
}

module "longshore" {
  source      = "./terraform"
  name        = "longshore"
  bucket_name = "images"
  enable_ipv6 = true
  public_keys = {
    "${name}" = file("\${path.module}/public-keys/${name}.pem")
  }
}

output "longshore" {
  value = module.longshore
}
`)
    expect(await readFile(local(`out/public-keys/${name}.pem`), 'utf8')).toBe(pemOf(old))
    // The module reads the function beside it.
    expect(await readFile(local('out/terraform/main.tf'), 'utf8')).toMatch('/../function/registry-edge.js')
    expect(await readFile(local('out/function/registry-edge.js'), 'utf8')).toMatch('function handler')
    expect(out).toMatch(/\n {2}cd out\n {2}terraform init\n {2}terraform apply\n/)
  })

  it('has everything that the configuration says, and keys by names that stay', async () => {
    const { out: before } = await write({}, '--format', 'terraform')
    const [, name] = /key_pair_ids\["(key-[0-9a-f]{8})"\]/.exec(before) ?? []
    const [configuration, ...args] = everything()
    const { error } = await write(configuration, ...args, '--format', 'terraform', '--force')
    expect(error).toBe('')
    const main = await readFile(local('out/main.tf'), 'utf8')
    for (const line of [
      'name            = "artifacts"',
      'origin_path     = "/registry"',
      'enable_ipv6     = false',
      'domain_name     = "cdn.example.com"',
      `certificate_arn = "${certificate}"`,
      `kms_key_arn     = "${keyArn}"`,
      'upload_origins  = ["https://a.example.com", "http://localhost:8080"]',
      `"${name}" = file(`,
    ]) {
      expect(main).toMatch(line)
    }
    expect(main.match(/file\(/g)).toHaveLength(2)
    const variables = await readFile(local('out/terraform/variables.tf'), 'utf8')
    const [, module = ''] = /module "longshore" \{(.*?)\n\}/s.exec(main) ?? []
    for (const [, variable] of module.matchAll(/^ {2}(\w+) +=/gm)) {
      if (variable !== 'source') expect(variables).toMatch(`variable "${variable}" {`)
    }
  })
})

describe('longshore edge --format cdk', () => {
  it('writes an app', async () => {
    const [configuration, ...args] = everything()
    const { code, out } = await write(configuration, ...args, '--format', 'cdk')
    expect(code).toBe(0)
    expect((await readdir(local('out'))).toSorted()).toEqual([
      'app.ts',
      'cdk.json',
      'function',
      'package.json',
      'public-keys',
      'registry-edge-stack.ts',
      'tsconfig.json',
    ])
    expect(await readdir(local('out/public-keys'))).toHaveLength(2)
    expect(out).toMatch(/keys\[0\]\.keypairid {2}KeyPairIdkey[0-9a-f]{8}\n/)
    expect(out).toMatch(/\n {2}npm install\n.*\n {2}npx aws-cdk@2 deploy\n/)
  })
})

describe('what the templates cannot be for', () => {
  const where = 'middleware.storage[0].options'

  it.each([
    [{ storage: 'inmemory' }, [], 'storage: found inmemory; accepted for templates: s3, whose bucket CloudFront reads'],
    [
      { s3: 'region: eu-central-1, bucket: "arn:aws:s3:eu-central-1:123456789012:accesspoint/images"' },
      [],
      'storage.s3.bucket: found arn:aws:s3:eu-central-1:123456789012:accesspoint/images; accepted for templates: the name of a bucket',
    ],
    [
      { s3: `${plainS3}, regionendpoint: 'http://minio:9000'` },
      [],
      'storage.s3.regionendpoint: found minio; accepted for templates: Amazon S3, which CloudFront is set up for',
    ],
    [
      { s3: 'bucket: images, regionendpoint: s3.amazonaws.com' },
      [],
      'storage.s3.region: missing; accepted: the name of an AWS region such as eu-central-1',
    ],
    [
      { s3: 'region: us-gov-west-1, bucket: images' },
      [],
      "storage.s3.region: found us-gov-west-1; accepted for templates: a region of AWS's commercial ones",
    ],
    [
      { s3: `${plainS3}, objectacl: private` },
      [],
      'storage.s3.objectacl: found private; accepted for templates: none, as their bucket has no ACLs',
    ],
    [
      { s3: `${plainS3}, encrypt: true, keyid: alias/images` },
      [],
      'storage.s3.keyid: found alias/images; accepted for templates: the ARN or the ID of a key, as IAM policies know keys by nothing else',
    ],
    [{}, ['--name', '1_a'], '--name: found 1_a; accepted: up to 40 letters, digits and hyphens, a letter first'],
    [
      {},
      ['--certificate', certificate],
      '--certificate: given, but baseurl has the name d111111abcdef8.cloudfront.net; accepted: with a name of your own',
    ],
  ])('%j %j', async (configuration, args, error) => {
    expect(await write(configuration, ...args)).toEqual({ code: 1, out: '', error: `${error}\n` })
  })

  it.each([
    'http://cdn.example.com',
    'https://cdn.example.com:8443',
    'https://cdn.example.com/a',
    'https://localhost',
    'https://192.0.2.1',
    'https://[2001:db8::1]',
  ])('baseurl %s', async url => {
    const { error } = await write({ options: `baseurl: '${url}', ${oneKey()}` })
    expect(error).toBe(
      `${where}.baseurl: found ${url}/; accepted for templates: https and a name alone, such as https://d111111abcdef8.cloudfront.net until there is a distribution\n`,
    )
  })

  it('a name of one’s own without a certificate for it', async () => {
    const options = `baseurl: cdn.example.com, ${oneKey()}`
    const accepted = "accepted: the ARN of a certificate for cdn.example.com in ACM's region us-east-1"
    expect((await write({ options })).error).toBe(`--certificate: missing; ${accepted}\n`)
    const elsewhere = certificate.replace('us-east-1', 'eu-central-1')
    expect((await write({ options }, '--certificate', elsewhere)).error).toBe(
      `--certificate: found ${elsewhere}; ${accepted}\n`,
    )
  })

  it('keys that cannot be read, and too many of them', async () => {
    const { error } = await write({ options: `${plainUrl}, ${keysOf('old', 'absent')}` })
    expect(error).toMatch(/^middleware\.storage\[0\]\.options\.keys\[1\]\.privatekey: .*absent\.pem.*\n$/)
    expect((await write({ options: `${plainUrl}, ${keysOf('old', 'next', 'third')}` })).error).toBe(
      `${where}.keys: found 3 keys; accepted: up to 2 in CloudFormation's template\n`,
    )
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const name of names) await writeFile(local(`${name}.pem`), ecKey().pem)
    expect((await write({ options: `${plainUrl}, ${keysOf(...names)}` }, '--format', 'cdk')).error).toBe(
      `${where}.keys: found 6 keys; accepted: up to 5, which is what a key group holds\n`,
    )
  })

  it('several of these in one go', async () => {
    const { error } = await write({
      s3: `${plainS3}, objectacl: private`,
      options: `baseurl: 'http://a.example.com', ${oneKey()}`,
    })
    expect(error.trim().split('\n')).toEqual([
      expect.stringMatching(/^storage\.s3\.objectacl: /),
      expect.stringMatching(/\.baseurl: /),
    ])
  })
})
