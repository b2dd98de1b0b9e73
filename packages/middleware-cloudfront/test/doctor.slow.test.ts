import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '@longshore/local-cloud'
import { run } from '@longshore/middleware-core/cli'
import { startServer } from './http-server.ts'

type EdgeOptions = NonNullable<LocalCloudOptions['edge']>

/** Result of `longshore doctor --json`, short. */
interface Diagnosis {
  code: number
  /** Problems that were found, in their order. */
  problems: string[]
  statuses: Record<string, string>
  text: string
}

const functionFile = new URL('../../../examples/aws/function/registry-edge.js', import.meta.url)
const responseParameters = ['disposition', 'type', 'language', 'encoding'].map(name => `response-content-${name}`)

/** The function of examples/aws for responses alone: the one for requests takes Authorization away. */
const keepsHeaders = {
  request: 'function handler(event) { return event.request }',
  response: readFileSync(functionFile, 'utf8'),
}

/** A function that changes nothing. */
const silent = 'function handler(event) { return event.response || event.request }'

let directory: string
let cloud: LocalCloud

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-doctor-'))
})
afterEach(async () => {
  await cloud.close()
  await rm(directory, { recursive: true })
})

/** Starts a bucket and a distribution that are set up as the guide says, but for what is given. */
async function start(edge: EdgeOptions = {}, others: Omit<LocalCloudOptions, 'edge'> = {}): Promise<void> {
  const code = await readFile(functionFile, 'utf8')
  cloud = await startLocalCloud({
    ...others,
    edge: { queryStrings: responseParameters, viewerFunctions: { request: code, response: code }, ...edge },
  })
}

interface Configuration {
  cloudfront?: Record<string, unknown>
  s3?: Record<string, unknown>
}

async function examine({ cloudfront = {}, s3 = {} }: Configuration = {}, ...args: string[]): Promise<Diagnosis> {
  const keyFile = join(directory, 'key.pem')
  await writeFile(keyFile, cloud.privateKey, { mode: 0o600 })
  const { bucket, region, credentials, keyPairId } = cloud
  const config = {
    storage: {
      s3: {
        bucket,
        region,
        regionendpoint: cloud.s3.endpoint,
        accesskey: credentials.accessKeyId,
        secretkey: credentials.secretAccessKey,
        ...s3,
      },
    },
    middleware: {
      storage: [
        {
          name: 'cloudfront',
          options: { baseurl: cloud.edge.baseUrl, privatekey: keyFile, keypairid: keyPairId, ...cloudfront },
        },
      ],
    },
  }
  const file = join(directory, 'config.yml')
  await writeFile(file, JSON.stringify(config))
  const modules: Record<string, () => Promise<unknown>> = {
    '@longshore/s3-driver': () => import('@longshore/s3-driver'),
    '@longshore/middleware-cloudfront': () => import('../src/index.ts'),
    '@longshore/middleware-cloudfront/cli': () => import('../src/cli/index.ts'),
  }
  let out = ''
  let error = ''
  const code = await run(['doctor', file, '--json', ...args], {
    out: text => {
      out += text
    },
    error: text => {
      error += text
    },
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    signal: new AbortController().signal,
    env: {},
    load: async name => modules[name]?.(),
  })
  if (out === '') throw new Error(error)
  const { checks } = JSON.parse(out) as { checks: { name: string; status: string; findings: { problem: string }[] }[] }
  return {
    code,
    problems: checks.flatMap(({ findings }) => findings.map(({ problem }) => problem)),
    statuses: Object.fromEntries(checks.map(({ name, status }) => [name, status])),
    text: out,
  }
}

describe('longshore doctor, at the edge', () => {
  it.each([
    ['the root of the bucket', {}, {}],
    ['an Origin Path', { originPath: '/in' }, { s3: { rootdirectory: 'in' }, cloudfront: { originpath: '/in' } }],
    ['custom policies', {}, { cloudfront: { policy: 'custom' } }],
    ['SHA-256', {}, { cloudfront: { hashalgorithm: 'SHA256' } }],
  ])('is all green for a right set-up: %s', async (_name, edge, configuration: Configuration) => {
    await start(edge)
    const { code, problems, statuses } = await examine(configuration)
    expect(problems).toEqual([])
    expect(Object.values(statuses).filter(status => status !== 'ok')).toEqual([])
    expect(Object.keys(statuses).filter(name => name.startsWith('cloudfront/')).length).toBeGreaterThanOrEqual(13)
    expect(code).toBe(0)
    expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual([])
  })

  it.each<[problem: string, EdgeOptions, Configuration]>([
    ['origin-path-missing', {}, { s3: { rootdirectory: 'in' }, cloudfront: { originpath: '/in' } }],
    ['origin-path-doubled', { originPath: '/in' }, { s3: { rootdirectory: 'in' } }],
    [
      'origin-path-doubled',
      { originPath: '/in/side' },
      { s3: { rootdirectory: 'in/side' }, cloudfront: { originpath: '/in' } },
    ],
    ['key-unknown', {}, { cloudfront: { keypairid: 'K2JCJMDEHXQW5F' } }],
    ['downloads-ignored', { queryStrings: 'none' }, {}],
    ['origin-access', { originAccess: 'never' }, {}],
    ['authorization-forwarded', { originAccess: 'no-override', viewerFunctions: keepsHeaders }, {}],
    [
      'authorization-forwarded',
      { originAccess: 'no-override', forwardsAuthorization: 'origin-request-policy', viewerFunctions: keepsHeaders },
      {},
    ],
    ['not-restricted', { restrictViewerAccess: false }, {}],
    ['hash-refused', { hashAlgorithms: ['SHA1'] }, { cloudfront: { hashalgorithm: 'SHA256' } }],
    ['query-in-cache-key', { signatureInCacheKey: true }, {}],
    ['never-cached', { cachingDisabled: true }, {}],
    ['compressed', { compress: true }, {}],
    ['digest-missing', { viewerFunctions: { request: silent, response: silent } }, {}],
    [
      'function-fails',
      { viewerFunctions: { request: silent, response: 'function handler() { throw new Error() }' } },
      {},
    ],
    ['url-changed', { publicOrigin: 'https://cdn.example.com' }, {}],
    ['unknown-host', {}, { cloudfront: { baseurl: 'https://d111111abcdef8.cloudfront.invalid' } }],
    ['unreachable', {}, { cloudfront: { baseurl: 'http://127.0.0.1:9' } }],
  ])('names %s and nothing else', async (problem, edge, configuration) => {
    await start(edge)
    const { code, problems } = await examine(configuration)
    expect(problems).toEqual([problem])
    expect(code).toBe(/ignored|cache|compressed|digest/.test(problem) ? 0 : 1)
  })

  it('names a key whose id belongs to another one, and shows its public half', async () => {
    await start()
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    cloud.edge.trust(cloud.keyPairId, publicKey)
    const { problems, text } = await examine()
    expect(problems).toEqual(['key-mismatch'])
    const [, ...base64] = cloud.publicKey.export({ type: 'spki', format: 'pem' }).toString().split('\n')
    expect(text).toContain(base64[0])
    expect(text).not.toContain('PRIVATE')
  })

  it('names a file of a key that everybody may read', async () => {
    await start()
    await examine()
    await chmod(join(directory, 'key.pem'), 0o644)
    const { problems, code } = await examine()
    expect(problems).toEqual(['key-permissions'])
    expect(code).toBe(0)
  })

  it('names every one of several faults', async () => {
    const code = await readFile(functionFile, 'utf8')
    await start({
      originPath: '/in',
      queryStrings: 'none',
      viewerFunctions: { request: code, response: 'function handler(event) { return event.response }' },
    })
    const { problems } = await examine({ s3: { rootdirectory: 'in' } })
    expect(problems).toEqual(['origin-path-doubled', 'digest-missing', 'downloads-ignored'])
  })

  it.each<[problems: string[], EdgeOptions, Configuration]>([
    [['not-restricted', 'origin-access'], { restrictViewerAccess: false, originAccess: 'never' }, {}],
    [
      ['hash-refused', 'origin-path-doubled', 'never-cached', 'compressed'],
      { hashAlgorithms: ['SHA1'], originPath: '/in', cachingDisabled: true, compress: true },
      { s3: { rootdirectory: 'in' }, cloudfront: { hashalgorithm: 'SHA256' } },
    ],
    [
      ['origin-access', 'authorization-forwarded'],
      { originAccess: 'never', forwardsAuthorization: 'cache-policy', viewerFunctions: keepsHeaders },
      {},
    ],
  ])('names %j together', async (expected, edge, configuration) => {
    await start(edge)
    expect((await examine(configuration)).problems).toEqual(expected)
  })

  it('names pages of success in the place of errors', async () => {
    await start({ customErrors: [{ errorCode: 403, responseCode: 200, responsePagePath: '/index.html' }] })
    await cloud.s3.bucket(cloud.bucket).put('index.html', '<h1>Welcome</h1>')
    expect((await examine()).problems).toEqual(['error-pages'])
  })

  it('names an origin that redirects to its region', async () => {
    await start({ originDomain: 'global' }, { region: 'eu-central-1' })
    expect((await examine()).problems).toEqual(['origin-redirects'])
  })

  it('names a redirect that leads to itself', async () => {
    await start()
    const proxy = await startServer((request, response) => {
      response.writeHead(301, { location: request.url, server: 'CloudFront' }).end()
    })
    try {
      const { problems } = await examine({ cloudfront: { baseurl: proxy.url.origin } })
      expect(problems).toEqual(['redirect-loop'])
    } finally {
      await proxy.close()
    }
  })
})
