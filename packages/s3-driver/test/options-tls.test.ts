import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { certify } from '@longshore/local-cloud'
import { useFixture } from './cloud.ts'

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

  it('is sent bodies without a hash of their own, which TLS makes needless', async () => {
    const driver = bench.another({ regionEndpoint: host, skipVerify: true })
    await driver.putContent('/a', 'content')
    await driver[Symbol.asyncDispose]()
    expect(bench.cloud.s3.requests.records[0]?.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD')
  })
})
