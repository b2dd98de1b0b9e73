import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type LocalCloud, type LocalCloudOptions, certify } from '@longshore/local-cloud'
import { runDoctor, startRightCloud, writeConfiguration } from './src/doctor.ts'

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

async function start(edge: LocalCloudOptions['edge']): Promise<void> {
  const tls = certify({ name: '127.0.0.1' })
  cloud = await startRightCloud({ edge: { tls, ...edge } })
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

/** In a process of its own: Node reads the certificates that it trusts at its start. */
async function problemsAt(baseurl: string, isTrusted: boolean): Promise<string[]> {
  const file = await writeConfiguration(cloud, directory, { cloudfront: { baseurl } })
  const env = isTrusted ? { NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') } : {}
  return (await runDoctor(file, ['--only', 'storage,cloudfront'], env)).problems
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
