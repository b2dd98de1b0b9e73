import { EventEmitter, once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { type FileWriter, ForwardingDriver, inmemory } from '@longshore/middleware-core'
import {
  codesOf,
  content,
  digestOf,
  filesOf,
  patch,
  pulled,
  put,
  sharedRegistry,
  startRegistry,
  startUpload,
  withQuery,
} from './support.ts'

const registry = sharedRegistry()

/** Sends the head of a request and the beginning of its body, as a client does whose connection then breaks. */
async function sendPart(method: string, target: string, part: Buffer, port = registry.port): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume()
  const { pathname, search } = new URL(target)
  socket.write(`${method} ${pathname}${search} HTTP/1.1\r\nhost: registry\r\ncontent-length: 1000000\r\n\r\n`)
  socket.write(part)
  await once(socket, 'connect')
  return socket
}

describe('an upload whose connection breaks', () => {
  it('keeps what arrived of a PATCH', async () => {
    const bytes = content(1_000_000)
    const location = await startUpload(registry)
    const socket = await sendPart('PATCH', location, bytes.subarray(0, 400_000))
    socket.end()
    await once(socket, 'close')
    const range = (await fetch(location)).headers.get('range')
    const arrived = Number(range?.slice(2)) + 1
    expect(arrived).toBe(400_000)
    await patch(location, bytes.subarray(arrived), `${arrived}-999999`)
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('can be sent whole again after a broken PUT', async () => {
    const bytes = content(1_000_000)
    const location = await startUpload(registry)
    const socket = await sendPart('PUT', withQuery(location, 'digest', digestOf(bytes)), bytes.subarray(0, 400_000))
    socket.end()
    await once(socket, 'close')
    expect(await pulled(registry, digestOf(bytes))).toBe(404)
    expect((await put(location, digestOf(bytes), bytes)).status).toBe(201)
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('is given up after the patience with a silent client, and keeps what arrived', async () => {
    await using impatient = await startRegistry({ patience: 0.05 })
    const location = await startUpload(impatient)
    const socket = await sendPart('PATCH', location, content(1000), impatient.port)
    await once(socket, 'close')
    expect((await fetch(location)).headers.get('range')).toBe('0-999')
  })
})

describe('an upload to a node that stops', () => {
  it('is stored as far as it came before the node has stopped', async () => {
    const storage = inmemory({})
    const stored: number[] = []
    const events = new EventEmitter()
    const arrived = once(events, 'write')
    class Slow extends ForwardingDriver {
      override async writer(path: string, options?: { append?: boolean | undefined }): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        const [write, close] = [writer._write.bind(writer), writer.close.bind(writer)]
        writer._write = (...chunk) => {
          write(...chunk)
          events.emit('write')
        }
        writer.close = async () => {
          await setTimeout(50)
          await close()
          stored.push(writer.size)
        }
        return writer
      }
    }
    const stopping = await startRegistry({ storage: new Slow(storage) })
    const location = await startUpload(stopping)
    const socket = await sendPart('PATCH', location, content(1000), stopping.port)
    await arrived
    await stopping[Symbol.asyncDispose]()
    expect(stored).toEqual([1000])
    socket.destroy()
  })
})

describe('an upload on several nodes', () => {
  it('goes on and ends on any of them', async () => {
    const storage = inmemory({})
    await using one = await startRegistry({ storage })
    await using other = await startRegistry({ storage })
    const bytes = content(300)
    const location = await startUpload(one)
    const elsewhere = location.replace(one.url, other.url)
    await patch(location, bytes.subarray(0, 100))
    await patch(elsewhere, bytes.subarray(100, 200))
    // The first node has seen a hundred bytes only: its hash does not fit any more.
    expect((await put(location, digestOf(bytes), bytes.subarray(200))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('is never published under a wrong digest, though no node saw all of it', async () => {
    const storage = inmemory({})
    await using one = await startRegistry({ storage })
    await using other = await startRegistry({ storage })
    const digest = digestOf(content())
    const location = await startUpload(one)
    await patch(location, content(100))
    const response = await put(location.replace(one.url, other.url), digest)
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
    expect(await pulled(one, digest)).toBe(404)
    expect(await filesOf(storage)).toEqual(new Map())
  })

  it('is not read again when one node saw all of it', async () => {
    const reads: string[] = []
    class Watched extends ForwardingDriver {
      override reader(path: string) {
        reads.push(path)
        return super.reader(path)
      }
    }
    await using own = await startRegistry({ storage: new Watched(inmemory({})) })
    const bytes = content(300)
    const location = await startUpload(own)
    await patch(location, bytes.subarray(0, 100))
    await patch(location, bytes.subarray(100))
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(reads).toEqual([])
  })

  it('can be finished after a node failed between storing and publishing it', async () => {
    const storage = inmemory({})
    class Fails extends ForwardingDriver {
      override move(): Promise<void> {
        return Promise.reject(new Error('power cut'))
      }
    }
    await using failing = await startRegistry({ storage: new Fails(storage), onFailure: () => {} })
    await using other = await startRegistry({ storage })
    const bytes = content(300)
    const location = await startUpload(failing)
    await patch(location, bytes)
    expect((await put(location, digestOf(bytes))).status).toBe(500)
    const elsewhere = location.replace(failing.url, other.url)
    expect((await fetch(elsewhere)).headers.get('range')).toBe('0-299')
    expect((await patch(elsewhere, content(10))).status).toBe(416)
    expect((await put(elsewhere, digestOf(bytes))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  })
})
