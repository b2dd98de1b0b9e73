import { EventEmitter, on, once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type RequestRecord, certify, startLocalCloud } from '@longshore/local-cloud'
import { describe, expect, it } from '@jest/globals'
import { content, digestOf, patch, pulled, put, startUpload } from '../support/client.ts'
import { cloudConfig, withOperations } from '../support/cloud.ts'
import { connectionEnd } from '../support/connection-end.ts'
import { operationsAt, printed, readyAt, workplace } from '../support/program.ts'
import { until } from '../support/until.ts'

const here = workplace()

/** Begins a PATCH of `size` bytes. */
function beginPatch(location: string, size: number): Socket {
  const { pathname, search, port } = new URL(location)
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
  socket.write(`PATCH ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`)
  return socket
}

/** Whether the port takes no connections any more. */
async function isClosed(url: string): Promise<boolean> {
  return (await connectionEnd(url)) === 'refused'
}

/** Opens connections one after the other until one is refused or forgotten, and gives how each of them ended. */
async function endsUntilClosed(url: string): Promise<Set<string>> {
  const ends = new Set<string>()
  while (!ends.has('refused') && !ends.has('forgotten')) ends.add(await connectionEnd(url))
  return ends
}

describe.each([[[]], [['--workers', '2']]])('on SIGTERM %j', options => {
  it('cuts off a running upload when its time is over, and another node continues it', async () => {
    const s3Requests = new EventEmitter<{ done: [RequestRecord] }>()
    await using cloud = await startLocalCloud({ s3: { onRequest: record => s3Requests.emit('done', record) } })
    const file = await here.configure(cloudConfig(cloud, { http: 'draintimeout: 100ms' }))
    const [stopped, other] = [here.start('--config', file, ...options), here.start('--config', file)]
    const [url, otherUrl] = [await readyAt(stopped), await readyAt(other)]
    const bytes = content(20_000_000)
    const location = await startUpload({ url })
    const parts = on(s3Requests, 'done')
    const socket = beginPatch(location, bytes.length)
    socket.write(bytes.subarray(0, 12_000_000))
    let stored = 0
    for await (const [record] of parts as AsyncIterable<[RequestRecord]>) {
      if (record.operation === 'UploadPart' && record.status === 200) stored += 1
      if (stored === 2) break
    }
    stopped.child.kill('SIGTERM')
    expect(await stopped.ended).toBe(0)
    expect(stopped.errors).toBe('')

    const elsewhere = location.replace(url, otherUrl)
    const size = Number((await fetch(elsewhere)).headers.get('range')?.slice(2)) + 1
    expect(size).toBe(12_000_000)
    const rest = await patch(elsewhere, bytes.subarray(size), `${size}-${bytes.length - 1}`)
    expect(rest.status).toBe(202)
    const last = new URL(rest.headers.get('location') ?? '', otherUrl).href
    expect((await put(last, digestOf(bytes))).status).toBe(201)
    expect(await pulled({ url: otherUrl }, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('lets a running upload end, and meanwhile takes no new connection and says that it is not well', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(
      cloudConfig(cloud, { http: `draintimeout: 1h, ${withOperations}` }),
      ...options,
    )
    const [url, operations] = [await readyAt(program), await operationsAt(program)]
    const bytes = content(1_000_000)
    const location = await startUpload({ url })
    const socket = beginPatch(location, bytes.length)
    socket.write(bytes.subarray(0, 1000))
    const inFlight = /registry_uploads_in_flight(\{worker="\d"\})? 1\n/
    await until(
      async () => (await fetch(`${operations}/metrics`)).text(),
      text => inFlight.test(text),
    )
    const others = Promise.all(Array.from({ length: 8 }, () => endsUntilClosed(url)))
    program.child.kill('SIGTERM')
    // None waits for the upload.
    for (const ends of await others) expect([...ends]).not.toContain('forgotten')
    const health = await fetch(`${operations}/healthz`)
    expect([health.status, await health.json()]).toEqual([503, { status: 'unavailable', reason: 'shutting down' }])
    const answered = once(socket, 'data')
    const hungUp = once(socket, 'close')
    socket.write(bytes.subarray(1000))
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 202 [^]*\r\nconnection: close\r\n/i)
    await hungUp
    expect(await program.ended).toBe(0)
    expect(program.output).toMatch(/Stopped after \d+ requests/)
  })

  it('does not wait for clients that keep their connections', async () => {
    const program = await here.startWith(
      'http: { addr: 127.0.0.1:0, draintimeout: 1h }\nstorage: { filesystem: {} }\n',
      ...options,
    )
    const { port } = new URL(await readyAt(program))
    const socket = connect(Number(port), '127.0.0.1')
    socket.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket, 'data')
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    socket.destroy()
  })

  it('does not wait for TLS clients that keep their connections, of either protocol, or begin no handshake', async () => {
    const { cert, key } = certify({ name: 'the registry' })
    await here.folder.write('cert.pem', cert)
    await here.folder.write('key.pem', key)
    const tls = 'tls: { certificate: cert.pem, key: key.pem }, http2: { disabled: false }'
    const program = await here.startWith(
      `http: { addr: 127.0.0.1:0, draintimeout: 1h, ${tls} }\nstorage: { filesystem: {} }\n`,
      ...options,
    )
    const [, url = ''] = await printed(program, /registry at (https:\/\/\S+?)\/v2\//)
    const port = Number(new URL(url).port)
    // Ended by the time that there is for a handshake.
    const silent = connect(port, '127.0.0.1').on('error', () => {})
    const silenced = once(silent, 'close')
    const http1 = connectTls({ port, host: '127.0.0.1', ca: cert, ALPNProtocols: ['http/1.1'] })
    http1.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(String((await once(http1, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
    const http2 = connectHttp2(url, { ca: cert })
    const stream = http2.request({ ':path': '/v2/' })
    expect((await once(stream, 'response'))[0]).toMatchObject({ ':status': 200 })
    stream.resume()
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(program.errors).toBe('')
    await silenced
    http1.destroy()
    http2.destroy()
  })

  it('ends at once when it is asked again, and leaves nothing behind', async () => {
    const program = here.start('--port', '0', ...options)
    const url = await readyAt(program)
    const socket = beginPatch(await startUpload({ url }), 1_000_000)
    socket.write(content(1000))
    await printed(program, /POST/)
    program.child.kill('SIGINT')
    await until(() => isClosed(url), Boolean)
    // One that comes right after the first is the same one, passed on by npm.
    await until(
      async () => program.child.kill('SIGINT') && program.child.exitCode,
      status => status !== null,
    )
    const status = await program.ended
    // While it is exiting its handler is gone, and one more signal ends it by itself.
    expect([130, 'SIGINT']).toContain(status ?? program.child.signalCode)
    expect(await readdir(here.folder.path)).toEqual([])
    socket.destroy()
  })
})
