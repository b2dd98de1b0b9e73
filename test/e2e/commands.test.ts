import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { LocalCloud } from '@longshore/local-cloud'
import { startRightCloud, writeConfiguration } from './src/doctor.ts'
import { type Outcome, runLongshore } from './src/longshore.ts'

let directory: string
let cloud: LocalCloud

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-commands-'))
  cloud = await startRightCloud()
  await writeConfiguration(cloud, directory)
  await writeFile(join(directory, 'files.yml'), 'storage: {filesystem: {rootdirectory: storage}}\n')
  const s3 = '{region: eu-central-1, bucket: artifacts}'
  const options = '{baseurl: https://d111111abcdef8.cloudfront.net, keypairid: K1, privatekey: key.pem}'
  await writeFile(
    join(directory, 'aws.yml'),
    `storage: {s3: ${s3}}\nmiddleware: {storage: [{name: cloudfront, options: ${options}}]}\n`,
  )
  await mkdir(join(directory, 'tree', 'b'), { recursive: true })
  for (const name of ['a', 'b/c']) await writeFile(join(directory, 'tree', name), `content of ${name}\n`)
})
afterAll(async () => {
  await cloud.close()
  await rm(directory, { recursive: true })
})

const longshore = (...args: string[]): Promise<Outcome> =>
  runLongshore(args, { cwd: directory, env: { HOME: directory, AWS_EC2_METADATA_DISABLED: 'true' } })

describe('the command longshore', () => {
  it('tells what it can do, and what each command takes', async () => {
    const { code, out } = await longshore('--help')
    expect(code).toBe(0)
    const names = [...out.matchAll(/^ {2}([a-z]\w+)(?: \[options\]| <| {2})/gm)].map(([, name]) => name ?? '')
    expect(names).toEqual(expect.arrayContaining(['check', 'doctor', 'edge', 'url', 'ls', 'cp', 'sweep', 'cloudfront']))
    for (const name of names.filter(name => name !== 'help')) {
      const help = await longshore(name, '--help')
      expect({ name, code: help.code, error: help.error }).toEqual({ name, code: 0, error: '' })
      expect(help.out).toMatch(new RegExp(`^Usage: longshore ${name} `))
    }
  })

  // In this order: some of them find what others have left.
  it.each<[command: string, out: RegExp]>([
    ['check config.yml', /^middleware cloudfront .*\n[^]*driver s3 [^]*\nconfiguration is valid\n$/],
    ['doctor files.yml', /\n3 ok\n$/],
    ['doctor config.yml', /\n4\d ok\n$/],
    ['cp -r files.yml tree storage:/tree', /^$/],
    ['cp files.yml tree/a storage:/copies/', /^$/],
    ['ls files.yml /tree', /^\/tree\/a\n\/tree\/b\n$/],
    ['ls -l files.yml /tree', /^ +13 B {2}20\S+Z {2}\/tree\/a\n +- {2}- +\/tree\/b\/\n$/],
    ['stat files.yml /tree/a', /\/tree\/a\n[^]*13 B/],
    ['cat files.yml /tree/b/c', /^content of b\/c\n$/],
    ['cat --offset 8 --length 2 files.yml /tree/b/c', /^of$/],
    ['walk files.yml /tree', /^\/tree\/a\n\/tree\/b\/\n\/tree\/b\/c\n$/],
    ['du files.yml /tree', /28 B +2 +\/tree\n$/],
    ['mv files.yml /tree/a /tree/d', /^$/],
    ['cp files.yml storage:/tree/d back', /^$/],
    ['rm -r --dry-run files.yml /tree', /would remove \/tree\/ with 2 files/],
    ['rm -r files.yml /tree', /^$/],
    ['sweep --older-than 24h --dry-run files.yml', /^would discard 0 unfinished uploads\n$/],
    ['sweep --older-than 24h files.yml', /^0 unfinished uploads discarded\n$/],
    ['url config.yml /a', /^http:\/\/127\.0\.0\.1:\d+\/a\?Expires=/],
    ['edge aws.yml --out aws', /cloudformation\.yml/],
    ['edge aws.yml --out aws-terraform --format terraform', /main\.tf/],
    ['policy aws.yml --only s3/iam', /"Resource": "arn:aws:s3:::artifacts\/\*"/],
    ['cloudfront keygen new.pem', /fingerprint/],
    ['cloudfront sign config.yml /a', /^http:\/\/127\.0\.0\.1:\d+\/a\?Expires=/],
    ['cloudfront cookies config.yml /a/*', /CloudFront-Policy/],
  ])('does %s', async (command, expected) => {
    const { code, out, error } = await longshore(...command.split(' '))
    expect({ code, error: code === 0 ? '' : error }).toEqual({ code: 0, error: '' })
    expect(out).toMatch(expected)
    // No control characters but line ends: it is no terminal that reads this.
    // oxlint-disable-next-line no-control-regex
    expect(out + error).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  it.each<[command: string, code: number, error: RegExp]>([
    ['', 2, /Usage: longshore/],
    ['chekc config.yml', 2, /unknown command 'chekc'[^]*check/],
    ['check', 2, /missing required argument 'config'/],
    ['check nowhere.yml', 1, /^nowhere\.yml: there is no such file\n$/],
    ['doctor nowhere.yml', 1, /^not all is well: config\/valid\n$/],
    ['doctor files.yml --only bucket', 1, /^--only: found "bucket"; accepted: config, storage, /],
    ['ls files.yml tree', 1, /^invalid path: "tree"; accepted: an absolute path/],
    ['ls files.yml /nowhere', 1, /path not found: \/nowhere\n$/],
    ['stat files.yml /nowhere', 1, /path not found: \/nowhere\n$/],
    ['cat files.yml /nowhere', 1, /path not found: \/nowhere\n$/],
    ['cp files.yml nowhere storage:/', 1, /^nowhere: there is no such file or directory\n$/],
    ['cp files.yml tree storage:/', 1, /-r/],
    ['mv files.yml /nowhere /there', 1, /path not found: \/nowhere\n$/],
    ['rm files.yml /copies', 1, /^\/copies is a directory; accepted with -r\n$/],
    ['sweep files.yml', 2, /required option '--older-than/],
    ['sweep --older-than 24 files.yml', 2, /accepted: a duration with its unit/],
    ['url files.yml /a', 1, /^no URL for \/a: this stack leaves it to the service to serve it\n$/],
    ['edge aws.yml --out aws', 1, /--force/],
    ['edge files.yml --out other', 1, /./],
    ['edge aws.yml --out other --format pulumi', 1, /cloudformation/],
    ['policy files.yml', 1, /./],
    ['cloudfront keygen new.pem', 1, /new\.pem: there is something already\n$/],
    ['cloudfront sign files.yml /a', 1, /^files\.yml: no middleware cloudfront in middleware\.storage\n$/],
    ['cloudfront explain https://e/a', 1, /--public-key: missing/],
  ])('refuses "%s" with %i, in one clear line', async (command, code, error) => {
    const outcome = await longshore(...command.split(' ').filter(Boolean))
    expect(outcome.code).toBe(code)
    expect(outcome.error).toMatch(error)
    if (code === 1) expect(outcome.error.trimEnd().split('\n')).toHaveLength(1)
  })
})
