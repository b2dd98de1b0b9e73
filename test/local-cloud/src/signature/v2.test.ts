import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { LOCAL_CREDENTIALS, startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS
let s3: LocalS3

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  await s3.bucket(Bucket).put('dir/k', 'content')
})
afterAll(() => s3.close())

function hmac(stringToSign: string, secret = secretAccessKey): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64')
}

/** Node's own client, as fetch sets no Date and no Host. */
function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: s3.port, method, path, headers })
    sent.once('error', reject)
    sent.once('response', response => {
      text(response).then(received => resolve({ status: response.statusCode, body: received }), reject)
    })
    sent.end(body)
  })
}

describe('Signature V2 in the header', () => {
  it('takes a signed upload, its headers and its sub-resources included', async () => {
    const date = new Date().toUTCString()
    const amz = 'x-amz-acl:bucket-owner-full-control\nx-amz-meta-a:1\n'
    const put = hmac(`PUT\n\ntext/plain\n${date}\n${amz}/${Bucket}/new`)
    const headers = {
      date,
      'content-type': 'text/plain',
      'x-amz-meta-a': '1',
      'x-amz-acl': 'bucket-owner-full-control',
    }
    const upload = (authorization: string) =>
      send('PUT', `/${Bucket}/new`, { ...headers, authorization, 'content-length': '3' }, 'new')
    expect(await upload(`AWS ${accessKeyId}:${put}`)).toMatchObject({ status: 200 })
    expect(s3.bucket(Bucket).info('new')).toMatchObject({ size: 3, headers: { 'x-amz-meta-a': '1' } })
    expect((await upload(`AWS nobody:${put}`)).body).toContain('InvalidAccessKeyId')
    expect((await upload(`AWS ${accessKeyId}:${hmac('other')}`)).body).toContain('SignatureDoesNotMatch')

    const query = '?response-content-type=text%2Fx&uploads&unsigned=1'
    const list = hmac(`GET\n\n\n\nx-amz-date:${date}\n/${Bucket}?response-content-type=text/x&uploads`)
    const listed = await send('GET', `/${Bucket}${query}`, {
      'x-amz-date': date,
      authorization: `AWS ${accessKeyId}:${list}`,
    })
    expect(listed).toMatchObject({ status: 200, body: expect.stringContaining('ListMultipartUploadsResult') })
  })

  it('puts the bucket of the host name into the path', async () => {
    const date = new Date().toUTCString()
    const authorization = `AWS ${accessKeyId}:${hmac(`GET\n\n\n${date}\n/${Bucket}/dir/k`)}`
    const host = `${Bucket}.localhost:${s3.port}`
    expect(await send('GET', '/dir/k', { date, host, authorization })).toEqual({ status: 200, body: 'content' })
  })

  it('refuses an old date', async () => {
    const date = new Date(Date.now() - 16 * 60_000).toUTCString()
    const authorization = `AWS ${accessKeyId}:${hmac(`GET\n\n\n${date}\n/${Bucket}/dir/k`)}`
    const answer = await send('GET', `/${Bucket}/dir/k`, { date, authorization })
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('RequestTimeTooSkewed') })
  })

  it('agrees with the example in the documentation', async () => {
    const example = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }
    const date = 'Tue, 27 Mar 2007 19:36:42 +0000'
    await using other = await startS3({ buckets: ['johnsmith'], credentials: [example], now: () => Date.parse(date) })
    await other.bucket('johnsmith').put('photos/puppy.jpg', 'puppy')
    const status = await new Promise((resolve, reject) => {
      const headers = {
        host: 'johnsmith.s3.amazonaws.com',
        date,
        authorization: `AWS ${example.accessKeyId}:bWq2s1WEIj+Ydj0vQ697zp+IXMU=`,
      }
      request({ host: '127.0.0.1', port: other.port, path: '/photos/puppy.jpg', headers })
        .once('response', response => {
          response.resume()
          resolve(response.statusCode)
        })
        .once('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })
})

function url(expires: number, path = '/dir/k', method = 'GET', secret = secretAccessKey): string {
  const signature = encodeURIComponent(hmac(`${method}\n\n\n${expires}\n/${Bucket}${path}`, secret))
  return `${s3.endpoint}/${Bucket}${path}?AWSAccessKeyId=${accessKeyId}&Expires=${expires}&Signature=${signature}`
}

describe('presigned with Signature V2', () => {
  it('serves until it expires', async () => {
    const soon = Math.floor(Date.now() / 1000) + 60
    expect(await (await fetch(url(soon))).text()).toBe('content')
    expect((await fetch(url(soon, '/dir/k', 'HEAD'), { method: 'HEAD' })).status).toBe(200)
    for (const [variant, code] of [
      [url(soon - 120), 'Request has expired'],
      [url(soon).replace(`${soon}`, `${soon + 1}`), 'SignatureDoesNotMatch'],
      [url(soon).replace('dir', 'other'), 'SignatureDoesNotMatch'],
      [url(soon, '/dir/k', 'GET', 'wrong'), 'SignatureDoesNotMatch'],
      [url(soon).replace(accessKeyId, 'nobody'), 'InvalidAccessKeyId'],
      [url(soon).replace(/&Signature.*/, ''), 'AccessDenied'],
    ] as const) {
      const refused = await fetch(variant)
      expect(refused.status).toBe(403)
      expect(await refused.text()).toContain(code)
    }
  })
})
