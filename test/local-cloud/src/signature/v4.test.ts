import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { failure, loopbackAgent, sdk } from '../../test/client.ts'
import { LOCAL_CREDENTIALS, startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
const Key = 'a b/ü+c'
let s3: LocalS3
let client: S3Client

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  client = sdk(s3)
  await s3.bucket(Bucket).put(Key, 'content')
})
afterAll(async () => {
  client.destroy()
  await s3.close()
})

async function head(config: S3ClientConfig, on: LocalS3 = s3) {
  const other = sdk(on, config)
  try {
    return await failure(other.send(new GetObjectCommand({ Bucket, Key })))
  } finally {
    other.destroy()
  }
}

describe('Signature V4 in the header', () => {
  it('refuses wrong secrets, unknown keys, wrong clocks and tokens that nobody gave', async () => {
    const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS
    const wrongSecret = await head({ credentials: { accessKeyId, secretAccessKey: 'wrong' } })
    const wrongKey = await head({ credentials: { accessKeyId: 'nobody', secretAccessKey } })
    const wrongToken = await head({ credentials: { accessKeyId, secretAccessKey, sessionToken: 'token' } })
    expect(wrongSecret).toEqual({ code: 'SignatureDoesNotMatch', status: 403 })
    expect(wrongKey).toEqual({ code: 'InvalidAccessKeyId', status: 403 })
    expect(wrongToken).toEqual({ code: 'InvalidToken', status: 400 })
    const late = await head({ systemClockOffset: 16 * 60_000 })
    expect(late).toEqual({ code: 'RequestTimeTooSkewed', status: 403 })
  })

  it('wants the region and the token that it was told', async () => {
    const credentials = { ...LOCAL_CREDENTIALS, sessionToken: 'token' }
    await using strict = await startS3({ buckets: [Bucket], region: 'eu-west-1', credentials: [credentials] })
    expect((await head({ credentials }, strict)).code).toBe('AuthorizationHeaderMalformed')
    expect((await head({ region: 'eu-west-1' }, strict)).code).toBe('InvalidToken')
    expect((await head({ region: 'eu-west-1', credentials }, strict)).code).toBe('NoSuchKey')
  })

  it('refuses requests that are not signed at all', async () => {
    const answer = await fetch(`${s3.endpoint}/${Bucket}/k`)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('content-type')).toBe('application/xml')
    expect(await answer.text()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code>.*<Resource>\/artifacts\/k<\/Resource><RequestId>/,
    )
    expect(s3.requests.records.at(-1)).toMatchObject({ operation: 'GetObject', status: 403, code: 'AccessDenied' })
  })

  it('notices a body that is not the signed one, and a header that is not signed', async () => {
    const tampering = sdk(s3)
    tampering.middlewareStack.add(
      next => args => {
        const { request: sent } = args as { request: { body: unknown } }
        sent.body = 'forged!'
        return next(args)
      },
      { step: 'deserialize', priority: 'high' },
    )
    const put = new PutObjectCommand({ Bucket, Key: 'k', Body: 'content' })
    expect(await failure(tampering.send(put))).toEqual({ code: 'XAmzContentSHA256Mismatch', status: 400 })
    expect(s3.bucket(Bucket).info('k')).toBeUndefined()
    tampering.destroy()

    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }))
    const answer = await fetch(url, { headers: { 'x-amz-acl': 'public-read' } })
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('<HeadersNotSigned>x-amz-acl</HeadersNotSigned>')
  })
})

describe('presigned with Signature V4', () => {
  it('serves what was signed, and only that', async () => {
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key, ResponseContentType: 'text/x' }))
    const answer = await fetch(url)
    expect(answer.headers.get('content-type')).toBe('text/x')
    expect(await answer.text()).toBe('content')
    const variants = [
      url.replace('text%2Fx', 'text%2Fy'),
      url.replace('%20b', '%20c'),
      url.replace('X-Amz-Expires=900', 'X-Amz-Expires=901'),
      `${url}&extra=1`,
      url.replace(/Signature=(.)/, (_, digit: string) => `Signature=${digit === '0' ? '1' : '0'}`),
    ]
    for (const variant of variants) {
      const refused = await fetch(variant)
      expect(refused.status).toBe(403)
      expect(await refused.text()).toContain('<Code>SignatureDoesNotMatch</Code>')
    }
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(403)
    const headUrl = await getSignedUrl(client, new HeadObjectCommand({ Bucket, Key }))
    expect((await fetch(headUrl, { method: 'HEAD' })).headers.get('content-length')).toBe('7')
  })

  it('takes uploads', async () => {
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'presigned' }))
    expect((await fetch(url, { method: 'PUT', body: 'uploaded' })).status).toBe(200)
    expect(String(await s3.bucket(Bucket).read('presigned'))).toBe('uploaded')
  })

  it('ends when it expires, to the second', async () => {
    let now = Date.now()
    await using timed = await startS3({ buckets: [Bucket], now: () => now })
    const signer = sdk(timed)
    const signingDate = new Date(Math.floor(now / 1000) * 1000)
    const url = await getSignedUrl(signer, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60, signingDate })
    now = signingDate.getTime() + 60_000
    expect((await fetch(url)).status).toBe(404)
    now += 1
    const expired = await fetch(url)
    expect(expired.status).toBe(403)
    expect(await expired.text()).toContain('<Code>AccessDenied</Code><Message>Request has expired</Message>')
    now = signingDate.getTime() - 16 * 60_000
    expect(await (await fetch(url)).text()).toContain('Request is not yet valid')
    const week = url.replace('Expires=60', 'Expires=604801')
    expect(await (await fetch(week)).text()).toContain('AuthorizationQueryParametersError')
    signer.destroy()
  })

  it('refuses a second kind of authorization beside it', async () => {
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }))
    const answer = await fetch(url, { headers: { authorization: 'Bearer token' } })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('Only one auth mechanism allowed')
  })
})

/** The example of "Signature calculations for the Authorization header: transferring a payload in multiple chunks". */
describe('chunked uploads with signed chunks', () => {
  const signatures = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ]
  const sizes = [65_536, 1024, 0]

  async function upload(letters: string): Promise<{ status: number | undefined; body: string; stored: unknown }> {
    await using example = await startS3({
      buckets: ['examplebucket'],
      region: 'us-east-1',
      credentials: [
        { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
      ],
      now: () => Date.UTC(2013, 4, 24),
    })
    const agent = loopbackAgent()
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const put = request({
        agent,
        host: 's3.amazonaws.com',
        port: example.port,
        method: 'PUT',
        path: '/examplebucket/chunkObject.txt',
        headers: {
          host: 's3.amazonaws.com',
          'x-amz-date': '20130524T000000Z',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          authorization:
            'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=' +
            'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;' +
            'x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
          'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '66560',
          'content-length': '66824',
        },
      })
      put.once('error', reject)
      put.once('response', response => {
        text(response).then(body => resolve({ status: response.statusCode, body }), reject)
      })
      for (const [index, size] of sizes.entries()) {
        put.write(`${size.toString(16)};chunk-signature=${signatures[index]}\r\n${letters.slice(0, size)}\r\n`)
      }
      put.end()
    })
    agent.destroy()
    return { ...answer, stored: example.bucket('examplebucket').info('chunkObject.txt') }
  }

  it('takes the one in the documentation', async () => {
    const { status, stored } = await upload('a'.repeat(65_536))
    expect(status).toBe(200)
    expect(stored).toMatchObject({ size: 66_560, headers: { 'x-amz-storage-class': 'REDUCED_REDUNDANCY' } })
    expect(stored).not.toHaveProperty('headers.content-encoding')
  })

  it('refuses it with one letter changed', async () => {
    const { status, body, stored } = await upload(`b${'a'.repeat(65_535)}`)
    expect(status).toBe(403)
    expect(body).toContain('SignatureDoesNotMatch')
    expect(stored).toBeUndefined()
  })
})
