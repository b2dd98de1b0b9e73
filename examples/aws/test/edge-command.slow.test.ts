import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Template, comparable, parseTemplate, resourcesByType } from './cloudformation.ts'

const longshoreFile = fileURLToPath(new URL('../../../packages/middleware-core/bin/longshore.js', import.meta.url))

/** CDK is 200 MB, which only those who use it install: `npm ci --prefix examples/aws/cdk`. */
const cdkModules = fileURLToPath(new URL('../cdk/node_modules', import.meta.url))
const hasCdk = existsSync(join(cdkModules, 'aws-cdk-lib'))
const hasTerraform = spawnSync('terraform', ['version']).status === 0
const hasLinter = spawnSync('cfn-lint', ['--version']).status === 0
if (process.env['LONGSHORE_E2E_DEMAND_ALL'] && !(hasCdk && hasLinter)) {
  throw new Error('not installed: aws-cdk-lib or cfn-lint')
}

const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f'
const kmsKey = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const origins = ['https://a.example.com', 'https://b.example.com']

const configurations = {
  plain: {
    s3: '{region: eu-central-1, bucket: images}',
    options: '{baseurl: https://d111111abcdef8.cloudfront.net/, privatekey: old.pem, keypairid: K1}',
    flags: [],
    distribution: { IPV6Enabled: 'true' },
    keys: ['old.pub.pem'],
  },
  full: {
    s3: `{region: eu-central-1, bucket: images, rootdirectory: /registry, encrypt: true, keyid: '${kmsKey}'}`,
    options: `{
      baseurl: https://cdn.example.com/, originpath: /registry, policy: custom, bindclientip: true,
      keys: [{privatekey: new.pem, keypairid: K2}, {privatekey: old.pem, keypairid: K1}]}`,
    flags: ['--certificate', certificate, ...origins.flatMap(origin => ['--upload-origin', origin])],
    distribution: { IPV6Enabled: 'false', Aliases: ['cdn.example.com'], Origins: [{ OriginPath: '/registry' }] },
    keys: ['old.pub.pem', 'new.pub.pem'],
  },
}

let directory: string

describe.each(['plain', 'full'] as const)('longshore edge of a %s configuration', name => {
  const { s3, options, flags, distribution, keys } = configurations[name]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'longshore-edge-'))
    for (const args of [['old.pem'], ['new.pem', '--type', 'ec']]) longshore('cloudfront', 'keygen', ...args)
    await writeFile(
      join(directory, 'config.yml'),
      `storage: {s3: ${s3}}\nmiddleware: {storage: [{name: cloudfront, options: ${options}}]}\n`,
    )
  })
  afterAll(() => rm(directory, { recursive: true }))

  function call(command: string, args: readonly string[], { cwd = directory, env = {} } = {}): string {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
    return stdout
  }

  const longshore = (...args: string[]): string => call(process.execPath, [longshoreFile, ...args])

  /** Files that the command has written; it prints their paths first. */
  async function write(format: string): Promise<string> {
    const [files = ''] = longshore('edge', 'config.yml', '--out', format, '--format', format, ...flags).split('\n\n')
    const entries = await readdir(join(directory, format), { recursive: true, withFileTypes: true })
    const found = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    expect(
      files
        .split('\n')
        .map(file => join(directory, file))
        .toSorted(),
    ).toEqual(found.toSorted())
    return join(directory, format)
  }

  async function fromCloudFormation(): Promise<ReturnType<typeof resourcesByType>> {
    const template = parseTemplate(await readFile(join(directory, 'cloudformation/cloudformation.yml'), 'utf8'))
    const list = JSON.parse(await readFile(join(directory, 'cloudformation/parameters.json'), 'utf8')) as Record<
      string,
      string
    >[]
    const parameters = list.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue] as const)
    return resourcesByType(template, Object.fromEntries(parameters))
  }

  function lint(cwd: string, ...args: string[]): void {
    if (hasLinter) expect(call('cfn-lint', args, { cwd })).toBe('')
  }

  const keysOf = (resources: Record<string, unknown[]>): string[] => {
    const found = resources['AWS::CloudFront::PublicKey'] as { PublicKeyConfig: { EncodedKey: string } }[]
    return found.map(({ PublicKeyConfig }) => PublicKeyConfig.EncodedKey).toSorted()
  }
  const publicHalves = async (): Promise<string[]> =>
    (await Promise.all(keys.map(file => readFile(join(directory, file), 'utf8')))).toSorted()

  it('writes a template for CloudFormation, which cfn-lint has nothing to say of with its parameters', async () => {
    const out = await write('cloudformation')
    const resources = await fromCloudFormation()
    expect(keysOf(resources)).toEqual(await publicHalves())
    expect(resources['AWS::S3::Bucket']).toMatchObject([{ BucketName: 'images' }])
    expect(resources['AWS::CloudFront::Distribution']).toMatchObject([{ DistributionConfig: distribution }])
    lint(out, 'cloudformation.yml', '--parameter-files', 'parameters.json')
  })

  it('writes a module for Terraform, and every file that it reads', async () => {
    const out = await write('terraform')
    const main = await readFile(join(out, 'main.tf'), 'utf8')
    const files = [...main.matchAll(/file\("\$\{path\.module\}\/(.*?)"\)/g)].map(([, file = '']) => file)
    const contents = await Promise.all(files.map(file => readFile(join(out, file), 'utf8')))
    expect(contents.toSorted()).toEqual(await publicHalves())
    expect(existsSync(join(out, 'function/registry-edge.js'))).toBe(true)
    if (!hasTerraform) return
    const terraform = (...args: string[]): string =>
      call('terraform', args, { cwd: out, env: { TF_CLI_CONFIG_FILE: '', CHECKPOINT_DISABLE: '1' } })
    expect(terraform('fmt', '-check', '-recursive')).toBe('')
    // The provider comes from a registry; without it there are the variables, their types and their conditions.
    await writeFile(join(out, 'main.tf'), main.replace(/^provider .*?\n\}\n/s, ''))
    for (const file of ['main.tf', 'outputs.tf', 'versions.tf']) await rm(join(out, 'terraform', file))
    terraform('init', '-input=false')
    terraform('plan', '-input=false')
  })

  const withCdk = hasCdk ? it : it.skip

  withCdk('writes a program for CDK, which makes the same resources', async () => {
    const out = await write('cdk')
    await symlink(cdkModules, join(out, 'node_modules'))
    call('npm', ['run', '--silent', 'app'], { cwd: out, env: { CDK_OUTDIR: join(out, 'cdk.out') } })
    const template = JSON.parse(await readFile(join(out, 'cdk.out/longshore.template.json'), 'utf8')) as Template
    const resources = resourcesByType(template)
    expect(keysOf(resources)).toEqual(await publicHalves())
    expect(comparable(resources)).toEqual(comparable(await fromCloudFormation()))
    lint(out, 'cdk.out/longshore.template.json')
  })
})
