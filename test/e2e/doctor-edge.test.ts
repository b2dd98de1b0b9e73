import { generateKeyPairSync } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { createServer, request as send } from 'node:http'
import { type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { LocalCloudOptions } from '@longshore/local-cloud'
import { type Configuration, functionThatKeepsHeaders } from './src/doctor.ts'
import { useRightCloud } from './src/right-cloud.ts'
import { viewerFunctions } from './src/edge-function.ts'

type EdgeOptions = NonNullable<LocalCloudOptions['edge']>

const keepsHeaders = await functionThatKeepsHeaders()

/** A function that changes nothing. */
const silent = 'function handler(event) { return event.response || event.request }'

const here = useRightCloud()

const start = (edge: EdgeOptions = {}, others: Omit<LocalCloudOptions, 'edge'> = {}): Promise<void> =>
  here.start({ ...others, edge })

const { diagnose } = here

describe('longshore doctor, at the edge', () => {
  it.each([
    ['the root of the bucket', {}, {}],
    ['an Origin Path', { originPath: '/in' }, { s3: { rootdirectory: 'in' }, cloudfront: { originpath: '/in' } }],
    ['custom policies', {}, { cloudfront: { policy: 'custom' } }],
    ['SHA-256', {}, { cloudfront: { hashalgorithm: 'SHA256' } }],
  ])('is all green for a right set-up: %s', async (_name, edge, configuration: Configuration) => {
    await start(edge)
    const { code, problems, statuses } = await diagnose(configuration)
    expect(problems).toEqual([])
    expect(Object.values(statuses).filter(status => status !== 'ok')).toEqual([])
    expect(Object.keys(statuses).filter(name => name.startsWith('cloudfront/')).length).toBeGreaterThanOrEqual(13)
    expect(code).toBe(0)
    expect(here.cloud.s3.bucket(here.cloud.bucket).keys()).toEqual([])
  })

  it.each<[problem: string, EdgeOptions, Configuration]>([
    ['origin-path-missing', {}, { s3: { rootdirectory: 'in' }, cloudfront: { originpath: '/in' } }],
    ['origin-path-doubled', { originPath: '/in' }, { s3: { rootdirectory: 'in' } }],
    [
      'origin-path-doubled',
      { originPath: '/in/side' },
      { s3: { rootdirectory: 'in/side' }, cloudfront: { originpath: '/in' } },
    ],
    ['outside-origin-path', {}, { cloudfront: { originpath: '/other' } }],
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
    const { code, problems } = await diagnose(configuration)
    expect(problems).toEqual([problem])
    expect(code).toBe(/ignored|cache|compressed|digest/.test(problem) ? 0 : 1)
  })

  it('names a key whose id belongs to another one, and shows its public half', async () => {
    await start()
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    here.cloud.edge.trust(here.cloud.keyPairId, publicKey)
    const { problems, output } = await diagnose()
    expect(problems).toEqual(['key-mismatch'])
    const [, ...base64] = here.cloud.publicKey.export({ type: 'spki', format: 'pem' }).toString().split('\n')
    expect(output).toContain(base64[0])
    expect(output).not.toContain('PRIVATE')
  })

  it('names a key that cannot take over, while another one signs', async () => {
    await start()
    const privatekey = join(here.directory, 'absent.pem')
    const keys = [
      { keypairid: 'KABSENT', privatekey },
      { keypairid: here.cloud.keyPairId, privatekey: join(here.directory, 'key.pem') },
    ]
    const cloudfront = { keys, keypairid: undefined, privatekey: undefined }
    const { code, problems, output } = await diagnose({ cloudfront })
    expect({ code, problems }).toEqual({ code: 0, problems: ['key-unusable'] })
    expect(output).toContain('KABSENT')
  })

  it('takes no answer of a cache for a clock that differs', async () => {
    await start()
    const { hostname, port } = new URL(here.cloud.edge.baseUrl)
    const cache = createServer((request, response) => {
      const { method, url, headers } = request
      send({ hostname, port, method, path: url, headers }, answer => {
        const date = new Date(Date.now() - 7_200_000).toUTCString()
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date, age: '7200' })
        answer.pipe(response)
      }).end()
    }).listen(0, '127.0.0.1')
    await once(cache, 'listening')
    try {
      const baseurl = `http://127.0.0.1:${(cache.address() as AddressInfo).port}`
      expect((await diagnose({ cloudfront: { baseurl } })).problems).toEqual([])
    } finally {
      cache.closeAllConnections()
      cache.close()
    }
  })

  it('names a file of a key that everybody may read', async () => {
    await start()
    await diagnose()
    await chmod(join(here.directory, 'key.pem'), 0o644)
    const { problems, code } = await diagnose()
    expect(problems).toEqual(['key-permissions'])
    expect(code).toBe(0)
  })

  it('names every one of several faults', async () => {
    await start({
      originPath: '/in',
      queryStrings: 'none',
      viewerFunctions: { ...viewerFunctions, response: silent },
    })
    const { problems } = await diagnose({ s3: { rootdirectory: 'in' } })
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
    expect((await diagnose(configuration)).problems).toEqual(expected)
  })

  it('names pages of success in the place of errors', async () => {
    await start({ customErrors: [{ errorCode: 403, responseCode: 200, responsePagePath: '/index.html' }] })
    await here.cloud.s3.bucket(here.cloud.bucket).put('index.html', '<h1>Welcome</h1>')
    expect((await diagnose()).problems).toEqual(['error-pages'])
  })

  it('names an origin that redirects to its region', async () => {
    await start({ originDomain: 'global' }, { region: 'eu-central-1' })
    expect((await diagnose()).problems).toEqual(['origin-redirects'])
  })

  it('names a redirect that leads to itself', async () => {
    await start()
    const proxy = createServer((request, response) => {
      response.writeHead(301, { location: request.url, server: 'CloudFront' }).end()
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    try {
      const baseurl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
      const { problems } = await diagnose({ cloudfront: { baseurl } })
      expect(problems).toEqual(['redirect-loop'])
    } finally {
      proxy.closeAllConnections()
      proxy.close()
    }
  })
})
