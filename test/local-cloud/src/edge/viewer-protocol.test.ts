import { type IncomingMessage, type RequestOptions, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { describe, expect, it } from '@jest/globals'
import { type LocalCloud, type LocalCloudOptions, certify, startLocalCloud } from '../index.ts'

const tls = certify({ name: 'the edge' })

async function start(edge: LocalCloudOptions['edge'] = {}): Promise<LocalCloud> {
  const cloud = await startLocalCloud({ edge: { tls, ...edge } })
  await cloud.s3.bucket(cloud.bucket).put('k', 'content')
  return cloud
}

function signed({ keyPairId, privateKey }: LocalCloud, baseUrl: string): string {
  const dateLessThan = new Date(Date.now() + 60_000).toISOString()
  return getSignedUrl({ url: `${baseUrl}k`, keyPairId, privateKey, dateLessThan })
}

async function ask(url: string, options: RequestOptions = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.startsWith('https:') ? tlsRequest : plainRequest
    send(url, { ca: tls.cert, ...options }, resolve)
      .once('error', reject)
      .end()
  })
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

describe('an edge with a certificate', () => {
  it('redirect-to-https: serves HTTPS, and sends HTTP to it', async () => {
    await using cloud = await start({ viewerProtocol: 'redirect-to-https' })
    const { edge } = cloud
    expect(edge.baseUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/)
    expect(await ask(signed(cloud, edge.baseUrl))).toMatchObject({ status: 200, body: 'content' })
    // The signature is for HTTPS and is looked at there only.
    const url = signed(cloud, edge.baseUrl)
    const byHttp = url.replace(edge.baseUrl, edge.httpBaseUrl)
    const moved = await ask(byHttp)
    expect(moved.status).toBe(301)
    expect(moved.headers).toMatchObject({
      location: url,
      server: 'CloudFront',
      'x-cache': 'Redirect from cloudfront',
      'content-type': 'text/html',
    })
    expect(moved.body).toContain('<h1>301 Moved Permanently</h1>')
    expect((await ask(byHttp, { method: 'OPTIONS' })).status).toBe(307)
    expect(edge.stats).toMatchObject({ redirects: 2, misses: 1 })
  })

  it('https-only, the default: refuses HTTP', async () => {
    await using cloud = await start()
    const { edge } = cloud
    const { status, headers, body } = await ask(signed(cloud, edge.httpBaseUrl))
    expect([status, headers['x-cache'], headers.server]).toEqual([403, 'Error from cloudfront', 'CloudFront'])
    expect(body).toContain('Bad request.')
    expect((await ask(signed(cloud, edge.baseUrl))).status).toBe(200)
  })

  it('allow-all: serves HTTP, to a signature for HTTP', async () => {
    await using cloud = await start({ viewerProtocol: 'allow-all' })
    const { edge } = cloud
    expect((await ask(signed(cloud, edge.httpBaseUrl))).status).toBe(200)
    const forHttps = signed(cloud, edge.baseUrl).replace(edge.baseUrl, edge.httpBaseUrl)
    expect((await ask(forHttps)).body).toContain('<Code>AccessDenied</Code>')
  })
})

it('goes round in circles where something in front of it ends TLS', async () => {
  await using cloud = await start({ viewerProtocol: 'redirect-to-https', tlsEndsInFront: true })
  const url = signed(cloud, cloud.edge.baseUrl)
  const { status, headers } = await ask(url)
  expect([status, headers.location]).toEqual([301, url])
  await expect(startLocalCloud({ edge: { tlsEndsInFront: true } })).rejects.toThrow('tlsEndsInFront needs tls')
})

it('redirects to the public name', async () => {
  await using cloud = await start({ viewerProtocol: 'redirect-to-https', publicOrigin: 'https://cdn.example.com' })
  expect((await ask(`${cloud.edge.httpBaseUrl}k`)).headers.location).toBe('https://cdn.example.com/k')
})
