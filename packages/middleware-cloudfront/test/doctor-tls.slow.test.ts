import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type LocalCloud, certify, startLocalCloud } from '@longshore/local-cloud'

/** Built before the tests run. A process of its own: Node reads trusted certificates at its start. */
const program = fileURLToPath(new URL('../../middleware-core/bin/longshore.js', import.meta.url))
const functionFile = new URL('../../../examples/aws/function/registry-edge.js', import.meta.url)

let directory: string
let cloud: LocalCloud
const opened: { close(): Promise<void> }[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-doctor-'))
})
afterEach(async () => {
  for (const { close } of opened.splice(0).toReversed()) await close()
  await rm(directory, { recursive: true })
})

type EdgeOptions = NonNullable<Parameters<typeof startLocalCloud>[0]>['edge']

async function start(edge: EdgeOptions): Promise<void> {
  const tls = certify({ name: '127.0.0.1' })
  const code = await readFile(functionFile, 'utf8')
  const queryStrings = ['disposition', 'type', 'language', 'encoding'].map(name => `response-content-${name}`)
  const viewerFunctions = { request: code, response: code }
  cloud = await startLocalCloud({ edge: { tls, queryStrings, viewerFunctions, ...edge } })
  opened.push(cloud)
  await writeFile(join(directory, 'ca.pem'), tls.cert)
}

/** Puts HTTPS and HTTP of the edge on one port, as the ports 443 and 80 of a distribution belong to one host. */
async function onePort(): Promise<string> {
  const portOf = (url: string): number => Number(new URL(url).port)
  const server = createServer(client => {
    client.once('data', first => {
      // A TLS handshake begins with 0x16.
      const isTls = first[0] === 0x16
      const edge = connect(portOf(isTls ? cloud.edge.baseUrl : cloud.edge.httpBaseUrl), '127.0.0.1')
      for (const socket of [client, edge]) socket.on('error', () => edge.destroy() && client.destroy())
      edge.write(first)
      client.pipe(edge).pipe(client)
    })
    client.on('error', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = (): Promise<void> => new Promise(done => server.close(() => done()))
  opened.push({ close })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function problemsAt(baseurl: string, isTrusted: boolean): Promise<string[]> {
  const { bucket, region, credentials, keyPairId, privateKey } = cloud
  const { accessKeyId: accesskey, secretAccessKey: secretkey } = credentials
  const s3 = { bucket, region, regionendpoint: cloud.s3.endpoint, accesskey, secretkey }
  const options = { baseurl, keypairid: keyPairId, privatekey: privateKey }
  const file = join(directory, 'config.yml')
  await writeFile(file, JSON.stringify({ storage: { s3 }, middleware: { storage: [{ name: 'cloudfront', options }] } }))
  const child = spawn(process.execPath, [program, 'doctor', file, '--json', '--only', 'storage,cloudfront'], {
    env: { PATH: process.env['PATH'], ...(isTrusted ? { NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') } : {}) },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const { checks } = JSON.parse(await text(child.stdout)) as { checks: { findings: { problem: string }[] }[] }
  return checks.flatMap(({ findings }) => findings.map(({ problem }) => problem))
}

describe('longshore doctor, at an edge with TLS', () => {
  it.each([
    ['nothing where HTTP is redirected', 'redirect-to-https', []],
    ['nothing where HTTP is refused', 'https-only', []],
    ['HTTP that is served', 'allow-all', ['http-allowed']],
  ] as const)('names %s', async (_name, viewerProtocol, problems) => {
    await start({ viewerProtocol })
    expect(await problemsAt(await onePort(), true)).toEqual(problems)
  })

  it('names a certificate that this machine does not trust', async () => {
    await start({})
    expect(await problemsAt(cloud.edge.baseUrl, false)).toEqual(['certificate'])
  })

  it('names a redirect to where the URL leads already', async () => {
    await start({ viewerProtocol: 'redirect-to-https', tlsEndsInFront: true })
    expect(await problemsAt(cloud.edge.baseUrl, true)).toEqual(['redirect-loop'])
  })
})
