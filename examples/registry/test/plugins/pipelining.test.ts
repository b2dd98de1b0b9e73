import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import {
  type FileInfo,
  ForwardingDriver,
  type ReadOptions,
  type StatOptions,
  inmemory,
} from '@longshore/middleware-core'
import { createRegistry } from '../../src/app.ts'
import { content, newManifest, pushBlob, putManifest } from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'
import { until } from '../support/until.ts'

/** Keeps the streams that it gave. */
class Watched extends ForwardingDriver {
  readonly streams: Readable[] = []

  get open(): number {
    return this.streams.filter(stream => !stream.closed).length
  }

  override async reader(path: string, options?: ReadOptions): Promise<Readable> {
    const stream = await super.reader(path, options)
    this.streams.push(stream)
    return stream
  }
}

/** Takes its time, so that a client can be gone before it has an answer. */
class Slow extends ForwardingDriver {
  override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
    await setTimeout(50)
    return super.stat(path, options)
  }
}

/** Sends requests in one write and reads nothing. */
async function pipeline(port: number, ...requests: readonly string[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .pause()
  await once(socket, 'connect')
  socket.write(requests.map(request => `${request} HTTP/1.1\r\nhost: registry\r\n\r\n`).join(''))
  return socket
}

/** Reads until the text has a match, and gives all of it. */
async function read(socket: Socket, wanted: RegExp): Promise<string> {
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1'))).resume()
  return until(
    () => text,
    () => wanted.test(text),
  )
}

it('ends though a client has left pipelined requests behind', async () => {
  let [arrived, ended] = [0, 0]
  const app = createRegistry(new Slow(inmemory()), {
    onArrival: () => (arrived += 1),
    onRequest: () => (ended += 1),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const socket = await pipeline(port, 'GET /healthz', 'GET /healthz', 'GET /healthz')
  await until(() => arrived > 0)
  socket.destroy()
  await app.close()
  expect(ended).toBe(arrived)
})

it('is told of every request once, and carries none out whose turn has not come', async () => {
  const arrivals: string[] = []
  const ends: string[] = []
  await using registry = await startRegistry({
    deletes: true,
    onArrival: ({ method }) => arrivals.push(method),
    onRequest: ({ method }) => ends.push(method),
  })
  await putManifest(registry, 'v1', await newManifest(registry))
  const blob = await pushBlob(registry, content(20_000_000))
  const tag = '/v2/library/hello/manifests/v1'
  await until(() => ends.length === arrivals.length)
  arrivals.length = ends.length = 0
  const socket = await pipeline(registry.port, `GET /v2/library/hello/blobs/${blob}`, `DELETE ${tag}`)
  await until(() => arrivals.includes('GET'))
  expect((await fetch(registry.url + tag, { method: 'HEAD' })).status).toBe(200)
  socket.destroy()
  await until(() => ends.includes('GET'))
  expect((await fetch(registry.url + tag, { method: 'HEAD' })).status).toBe(200)
  await until(() => ends.length === arrivals.length)
  expect(arrivals.toSorted()).toEqual(['GET', 'HEAD', 'HEAD'])
})

it('opens one blob at a time for a connection, and leaves none open', async () => {
  const storage = new Watched(inmemory())
  await using registry = await startRegistry({ storage })
  const blob = await pushBlob(registry, content(20_000_000))
  storage.streams.length = 0
  const pulls = Array.from({ length: 100 }, () => `GET /v2/library/hello/blobs/${blob}`)
  const socket = await pipeline(registry.port, ...pulls)
  await until(() => storage.open > 0)
  // All that came with the first has been seen when another client has its answer.
  await fetch(`${registry.url}/v2/`)
  expect(storage.open).toBe(1)
  socket.destroy()
  await until(() => storage.open === 0)
  expect(storage.streams).toHaveLength(1)
})

it('answers in the order of the requests, each with its own bytes', async () => {
  const sent: number[] = []
  await using registry = await startRegistry({
    storage: new Slow(inmemory()),
    onRequest: report => sent.push(report.sent),
  })
  const paths = ['/v2/', '/healthz', '/nowhere', '/v2/', '/v2/Wrong/tags/list', '/healthz', '/v2/']
  const socket = await pipeline(registry.port, ...paths.map(path => `GET ${path}`), 'PUT /v2/')
  const text = await read(socket, / 405 [^]*\}$/)
  socket.destroy()
  expect(text.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '200', '404', '200', '400', '200', '200', '405'])
  await until(() => sent.length === 8)
  expect(sent.reduce((sum, each) => sum + each)).toBe(text.length)
  expect(Math.max(...sent)).toBeLessThan(1000)
})

it('takes a body that came behind a request under way', async () => {
  await using registry = await startRegistry({ storage: new Slow(inmemory()) })
  const manifest = (await newManifest(registry)).padEnd(1_000_000)
  const socket = connect(registry.port, '127.0.0.1')
  const head = `PUT /v2/library/hello/manifests/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: ${manifest.length}\r\n\r\n`
  socket.write(`GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n${head}${manifest}GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n`)
  const text = await read(socket, /\{\}$/)
  socket.destroy()
  expect(text.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '201', '200'])
})

it('carries out nothing behind an answer that ends its connection', async () => {
  const paths: string[] = []
  await using registry = await startRegistry({ onRequest: ({ url }) => paths.push(url) })
  const socket = await pipeline(registry.port, 'GET /v2/?first HTTP/1.1\r\nconnection: close\r\nx: ', 'GET /v2/?second')
  const closed = once(socket, 'close')
  socket.resume()
  await closed
  expect(paths).toHaveLength(1)
})
