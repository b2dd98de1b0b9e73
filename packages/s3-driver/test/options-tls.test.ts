import { Agent } from 'node:https'
import { type NetConnectOpts, connect, createConnection } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { certify } from '@longshore/local-cloud'
import { type S3DriverOptions, content, part, useFixture, write } from './cloud.ts'

const bench = useFixture()

/** The local cloud behind TLS with a certificate that nobody vouches for. */
const server = createServer(certify({ name: '127.0.0.1' }), socket => {
  const onward = connect(bench.cloud.s3.port, '127.0.0.1')
  for (const end of [socket, onward]) end.on('error', () => socket.destroy())
  socket.on('close', () => onward.destroy())
  onward.on('close', () => socket.destroy())
  socket.pipe(onward).pipe(socket)
})
let host: string

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(() => new Promise<void>(resolve => void server.close(() => resolve())))

describe('a server whose certificate nobody vouches for', () => {
  it('is refused, and gets no request', async () => {
    const driver = bench.another({ regionEndpoint: `https://${host}`, maxAttempts: 1 })
    await expect(driver.putContent('/a', 'content')).rejects.toThrow(/self-signed certificate/)
    expect(bench.cloud.s3.requests.count()).toBe(0)
  })

  it('is taken with skipverify, by a name without a scheme too, because secure is the default', async () => {
    for (const regionEndpoint of [`https://${host}`, host]) {
      const driver = bench.another({ regionEndpoint, skipVerify: true })
      await driver.putContent('/a', 'content')
      expect(Buffer.from(await driver.getContent('/a')).toString()).toBe('content')
      await driver[Symbol.asyncDispose]()
    }
  })
})

/** Header of each request with a body that says what the signature knows of it. */
function payloadHashes(): Record<string, string | undefined> {
  const bodies = bench.cloud.s3.requests.records.filter(({ bytesIn }) => bytesIn > 0)
  return Object.fromEntries(
    bodies.map(({ operation, headers }) => {
      const hash = headers['x-amz-content-sha256']
      return [operation, typeof hash === 'string' && /^[\da-f]{64}$/.test(hash) ? 'hash' : String(hash)]
    }),
  )
}

async function store(options: Partial<S3DriverOptions>): Promise<void> {
  const driver = bench.another({ maxAttempts: 1, ...options })
  await driver.putContent('/a', 'content')
  const writer = await driver.writer('/b')
  await write(writer, content(part + 1))
  await writer.commit()
  await driver[Symbol.asyncDispose]()
}

describe('bodies are hashed in the signature', () => {
  const hashed = { PutObject: 'hash', UploadPart: 'hash', CompleteMultipartUpload: 'hash' }

  it('where any certificate is taken for the server, checksums or not', async () => {
    for (const checksums of [true, false]) {
      await store({ regionEndpoint: host, skipVerify: true, checksums })
      expect(payloadHashes()).toEqual(hashed)
      bench.cloud.s3.requests.reset()
    }
  })

  it('without TLS', async () => {
    await store({ checksums: true })
    expect(payloadHashes()).toEqual(hashed)
  })

  describe('with TLS', () => {
    beforeEach(() => {
      // A certificate that is vouched for cannot be had here: what is behind TLS is reached without.
      const divert = (options: NetConnectOpts): ReturnType<typeof createConnection> =>
        createConnection({ ...options, host: '127.0.0.1', port: bench.cloud.s3.port })
      jest
        .spyOn(Agent.prototype as Agent & { createConnection: typeof divert }, 'createConnection')
        .mockImplementation(divert)
    })
    afterEach(() => {
      jest.restoreAllMocks()
    })

    it('where nothing else covers them', async () => {
      await store({ regionEndpoint: 'https://127.0.0.1', forcePathStyle: true })
      expect(payloadHashes()).toEqual(hashed)
    })

    it('but not where a checksum does', async () => {
      await store({ regionEndpoint: 'https://127.0.0.1', forcePathStyle: true, checksums: true })
      expect(payloadHashes()).toEqual({ ...hashed, PutObject: 'UNSIGNED-PAYLOAD', UploadPart: 'UNSIGNED-PAYLOAD' })
    })
  })

  it('and by Content-MD5 with signature V2, which has no such hash', async () => {
    await store({ v4Auth: false })
    for (const { headers } of bench.cloud.s3.requests.records.filter(({ operation }) =>
      /^(Put|UploadP)/.test(operation),
    )) {
      expect(headers['content-md5']).toMatch(/^.{22}==$/)
    }
  })
})

describe('a bucket with Object Lock, which wants Content-MD5 or a checksum', () => {
  const wanting = /^(?:PutObject|UploadPart|CreateMultipartUpload)$/

  it('gets the first once it has asked, and from then on at once', async () => {
    bench.cloud.s3.faults.add(({ operation, headers }) =>
      wanting.test(operation) && headers['content-md5'] === undefined
        ? {
            kind: 'error',
            status: 400,
            code: 'InvalidRequest',
            message:
              'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
          }
        : undefined,
    )
    await store({})
    const { records } = bench.cloud.s3.requests
    expect(records.slice(0, 2).map(({ operation, status }) => [operation, status])).toEqual([
      ['PutObject', 400],
      ['PutObject', 200],
    ])
    expect(records.slice(2).filter(({ status }) => status === 400)).toEqual([])
    expect((await bench.bucket.read('b'))?.length).toBe(part + 1)
  })

  it('gets the second where the driver sends checksums', async () => {
    bench.cloud.s3.faults.add(({ operation, headers }) =>
      wanting.test(operation) && !Object.keys(headers).some(name => name.startsWith('x-amz-checksum-'))
        ? { kind: 'error', status: 400, code: 'InvalidRequest', message: 'Content-MD5 is required' }
        : undefined,
    )
    await store({ checksums: true })
    expect(bench.cloud.s3.requests.records.filter(({ status }) => status === 400)).toEqual([])
    expect((await bench.bucket.read('b'))?.length).toBe(part + 1)
  })
})
