import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import {
  ForwardingDriver,
  type ReadOptions,
  type StorageDriver,
  StorageError,
  inmemory,
} from '@longshore/middleware-core'
import type { Digest } from '../../src/oci/digest.ts'
import { Filler } from '../gc/filler.ts'
import { codesOf, content, digestOf, pulled, pushBlob } from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'
import { until } from '../support/until.ts'

/** More than a connection and the system's buffers hold. */
const large = 20_000_000

/** A storage that has this blob: on a busy machine a push may stall for longer than these tests let clients do so. */
async function storageWith(bytes: Buffer): Promise<StorageDriver> {
  const storage = inmemory()
  await new Filler(storage).blob('library/hello', bytes)
  return storage
}

/** Asks for a blob and reads nothing of it. */
async function askFor(blob: Digest, { port }: { port: number }, headers = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .pause()
  await once(socket, 'connect')
  socket.write(`GET /v2/library/hello/blobs/${blob} HTTP/1.1\r\nhost: registry\r\n${headers}\r\n`)
  return socket
}

describe('a client that takes nothing of a blob', () => {
  it.each(['', 'range: bytes=1-\r\n'])('is cut off, and frees the storage: %j', async headers => {
    const streams: Readable[] = []
    class Watched extends ForwardingDriver {
      override async reader(path: string, options?: ReadOptions): Promise<Readable> {
        const stream = await super.reader(path, options)
        streams.push(stream)
        return stream
      }
    }
    const statuses: unknown[] = []
    const bytes = content(large)
    await using registry = await startRegistry({
      storage: new Watched(await storageWith(bytes)),
      stallTimeoutMs: 300,
      onRequest: ({ method, status }) => method === 'GET' && statuses.push(status),
    })
    const socket = await askFor(digestOf(bytes), registry, headers)
    await until(() => statuses.length > 0)
    expect(statuses).toEqual([undefined])
    await until(() => streams.every(stream => stream.closed))
    expect(streams).toHaveLength(1)
    socket.destroy()
  })

  it('is cut off when the storage has given all there is', async () => {
    const statuses: unknown[] = []
    const bytes = content(large)
    await using registry = await startRegistry({
      storage: new InOnePiece(await storageWith(bytes)),
      stallTimeoutMs: 300,
      onRequest: ({ method, status }) => method === 'GET' && statuses.push(status),
    })
    const socket = await askFor(digestOf(bytes), registry)
    await until(() => statuses.length > 0)
    expect(statuses).toEqual([undefined])
    socket.destroy()
  })
})

/** Gives a blob as one chunk. */
class InOnePiece extends ForwardingDriver {
  override async reader(path: string): Promise<Readable> {
    return Readable.from([await super.getContent(path)], { objectMode: false })
  }
}

it('a storage that takes its time is not laid at the door of the client', async () => {
  class Hesitant extends ForwardingDriver {
    override async reader(path: string, options?: ReadOptions): Promise<Readable> {
      const stream = await super.reader(path, options)
      return Readable.from(hesitantly(stream), { objectMode: false })
    }
  }
  const bytes = content(large)
  const storage = new Hesitant(await storageWith(bytes))
  await using registry = await startRegistry({ storage, stallTimeoutMs: 2000 })
  expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
})

async function* hesitantly(stream: Readable): AsyncGenerator<Buffer> {
  let given = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // The first time nothing of the answer is out yet, the second time all of it so far.
    if (given === 0 || (given < large / 2 && given + chunk.length >= large / 2)) await setTimeout(4000)
    given += chunk.length
    yield chunk
  }
}

it('a connection is kept for later requests after a blob was taken', async () => {
  const bytes = content(large)
  await using registry = await startRegistry({ storage: await storageWith(bytes), stallTimeoutMs: 2000 })
  const socket = await askFor(digestOf(bytes), registry)
  let taken = 0
  socket.on('data', (bytes: Buffer) => (taken += bytes.length)).resume()
  await until(() => taken > large)
  await setTimeout(2500)
  const before = taken
  socket.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => taken > before)
  socket.destroy()
})

describe('blobs that the registry serves itself', () => {
  it('are so many at once, and further clients are told to come again', async () => {
    await using registry = await startRegistry({ maxInlineBlobs: 2, onFailure: () => {} })
    const blob = await pushBlob(registry, content(large))
    const small = await pushBlob(registry)
    const url = `${registry.url}/v2/library/hello/blobs/${small}`
    const sockets = await Promise.all([askFor(blob, registry), askFor(blob, registry, 'range: bytes=1-\r\n')])
    await Promise.all(sockets.map(socket => once(socket.resume(), 'data').then(() => socket.pause())))
    const refused = await fetch(url)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(refused.headers.get('docker-content-digest')).toBeNull()
    expect(await codesOf(refused)).toEqual(['UNAVAILABLE'])
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
    for (const socket of sockets) socket.destroy()
    await until(async () => (await pulled(registry, small)) === small)
  })

  it('count no longer when the storage did not give them', async () => {
    class Failing extends ForwardingDriver {
      fails = true
      override async reader(path: string, options?: ReadOptions): Promise<Readable> {
        if (this.fails) throw new StorageError('UNAVAILABLE', 'slow down')
        return super.reader(path, options)
      }
    }
    const storage = new Failing(inmemory())
    await using registry = await startRegistry({ storage, maxInlineBlobs: 1, onFailure: () => {} })
    const blob = await pushBlob(registry)
    for (let i = 0; i < 3; i++) expect(await pulled(registry, blob)).toBe(503)
    storage.fails = false
    for (let i = 0; i < 3; i++) expect(await pulled(registry, blob)).toBe(blob)
  })

  it.each([
    ['bytes=0-9', 206],
    ['bytes=5-', 206],
    ['bytes=5000-', 416],
  ])('count no longer when a part of them was served: %s', async (range, status) => {
    await using registry = await startRegistry({ maxInlineBlobs: 1, onFailure: () => {} })
    const blob = await pushBlob(registry)
    const answer = await fetch(`${registry.url}/v2/library/hello/blobs/${blob}`, { headers: { range } })
    await answer.arrayBuffer()
    expect(answer.status).toBe(status)
    await until(async () => (await pulled(registry, blob)) === blob)
  })
})
