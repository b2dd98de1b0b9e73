import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Template, comparable, parseTemplate, resourcesByType } from '../test/cloudformation.ts'
import type { RegistryEdgeProps } from './registry-edge-stack.ts'

const cloudFormationFile = fileURLToPath(new URL('../cloudformation.yml', import.meta.url))
const functionCode = await readFile(new URL('../function/registry-edge.js', import.meta.url), 'utf8')
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** CDK is 200 MB, which only those who use it install. */
const isInstalled = existsSync(new URL('node_modules/aws-cdk-lib', import.meta.url))
if (!isInstalled && process.env['LONGSHORE_E2E_DEMAND_ALL']) throw new Error('not installed: aws-cdk-lib')
const describeStack = isInstalled ? describe : describe.skip

describeStack('the CDK stack. To run it: npm ci --prefix examples/aws/cdk', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'longshore-'))
  afterAll(() => rmSync(outdir, { recursive: true, force: true }))

  function synthesize(id: string, props: Partial<RegistryEdgeProps> = {}): Template {
    const app = new cdk.App({ outdir: join(outdir, id) })
    const stack = new stacks.RegistryEdgeStack(app, id, { functionCode, publicKeys: { first: pem }, ...props })
    return app.synth().getStackByName(stack.stackName).template as Template
  }

  let cdk: typeof import('aws-cdk-lib')
  let stacks: typeof import('./registry-edge-stack.ts')
  let template: Template
  let yaml: Template
  beforeAll(async () => {
    cdk = await import('aws-cdk-lib')
    stacks = await import('./registry-edge-stack.ts')
    template = synthesize('longshore')
    yaml = parseTemplate(await readFile(cloudFormationFile, 'utf8'))
  })

  it('makes the same resources as the CloudFormation template', () => {
    expect(comparable(resourcesByType(template))).toEqual(comparable(resourcesByType(yaml, { PublicKey: pem })))
  })

  it('makes the same of what is given to both', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/a'
    const uploadOrigins = ['https://a.example.com', 'https://b.example.com']
    const given = { originPath: '/registry', kmsKeyArn, uploadOrigins, enableIpv6: false, bucketName: 'artifacts' }
    const parameters = {
      PublicKey: pem,
      OriginPath: '/registry',
      KmsKeyArn: kmsKeyArn,
      UploadOrigins: uploadOrigins.join(','),
      EnableIpv6: 'false',
      BucketName: 'artifacts',
    }
    expect(comparable(resourcesByType(synthesize('given', given)))).toEqual(
      comparable(resourcesByType(yaml, parameters)),
    )
  })

  it('says the same values for config.yml', () => {
    const described = (outputs: Template['Outputs']) =>
      new Set(Object.values(outputs).map(output => output.Description))
    for (const description of described(template.Outputs)) {
      if (description?.startsWith('Target')) continue
      expect(described(yaml.Outputs)).toContain(description)
    }
  })

  it('takes a name of its own, logs, other services and a second key', () => {
    const own = synthesize('own', {
      publicKeys: { first: pem, second: pem },
      bucketName: 'artifacts',
      domain: { name: 'cdn.example.com', certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/a' },
      logBucketName: 'logs',
      enableIpv6: false,
      roleService: 'none',
    })
    const resources = resourcesByType(own)
    expect(resources['AWS::CloudFront::Distribution']).toMatchObject([
      {
        DistributionConfig: {
          Aliases: ['cdn.example.com'],
          ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' },
          Logging: { Prefix: 'own/' },
          IPV6Enabled: false,
        },
      },
    ])
    expect(resources['AWS::CloudFront::KeyGroup']).toMatchObject([
      { KeyGroupConfig: { Items: ['<reference>', '<reference>'] } },
    ])
    expect(resources['AWS::S3::Bucket']).toMatchObject([{ BucketName: 'artifacts' }])
    expect(Object.keys(resources)).not.toContain('AWS::IAM::Role')
  })

  describe('the program that `cdk synth` runs', () => {
    const run = (context: object) =>
      spawnSync('npm', ['run', '--silent', 'app'], {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        env: { ...process.env, CDK_OUTDIR: join(outdir, 'app'), CDK_CONTEXT_JSON: JSON.stringify(context) },
        encoding: 'utf8',
      })

    it('makes the same template', async () => {
      const publicKeyFile = join(outdir, 'public.pem')
      await writeFile(publicKeyFile, pem)
      expect(run({ publicKey: publicKeyFile })).toMatchObject({ status: 0, stderr: '' })
      const written = await readFile(join(outdir, 'app', 'longshore.template.json'), 'utf8')
      expect(JSON.parse(written)).toEqual(template)
    })

    it('says what is missing', () => {
      expect(run({})).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^The public key is missing: -c publicKey=FILE/),
      })
    })
  })

  const hasLinter = spawnSync('cfn-lint', ['--version']).status === 0

  describe('cfn-lint', () => {
    ;(hasLinter ? it : it.skip)('has nothing to say of both templates', () => {
      const files = [cloudFormationFile, join(outdir, 'longshore', 'longshore.template.json')]
      const { stdout, status } = spawnSync('cfn-lint', files, { encoding: 'utf8' })
      expect([status, stdout]).toEqual([0, ''])
    })
  })
})
