import { EventEmitter, once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import {
  type FileWriter,
  ForwardingDriver,
  type ReadOptions,
  StorageError,
  type WriteOptions,
  inmemory,
} from '@longshore/middleware-core'
import { content, digestOf, locationOf, patch, pulled, put, startUpload, withQuery } from '../support/client.ts'
import { filesOf, sharedRegistry, startRegistry } from '../support/registry.ts'

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

  it('is published without being read again, when the node that got a part of it goes on', async () => {
    const reads: string[] = []
    class Reads extends ForwardingDriver {
      override reader(path: string, options?: ReadOptions) {
        reads.push(path)
        return super.reader(path, options)
      }
    }
    await using own = await startRegistry({ storage: new Reads(inmemory()) })
    const bytes = content(1_000_000)
    const location = await startUpload(own)
    const socket = await sendPart('PATCH', location, bytes.subarray(0, 400_000), own.port)
    socket.end()
    await once(socket, 'close')
    const there = locationOf(await fetch(location))
    expect((await put(there, digestOf(bytes), bytes.subarray(400_000), '400000-999999')).status).toBe(201)
    expect(await filesOf(own.storage)).toContainEqual([expect.stringContaining('/blobs/'), bytes.toString('latin1')])
    expect(reads).toEqual([])
  })

  it('is published as what was stored of it, when the storage broke a PATCH off', async () => {
    class FailsOnce extends ForwardingDriver {
      left = 100_000

      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        const write = writer._write.bind(writer)
        writer._write = (chunk: Buffer, encoding, done) => {
          this.left -= chunk.length
          if (this.left > 0 || this.left < -1_000_000) return write(chunk, encoding, done)
          this.left = -Infinity
          done(new StorageError('UNAVAILABLE', 'slow down'))
        }
        return writer
      }
    }
    await using own = await startRegistry({ storage: new FailsOnce(inmemory()), onFailure: () => {} })
    const bytes = content(1_000_000)
    const location = await startUpload(own)
    expect((await patch(location, bytes)).status).toBe(503)
    const status = await fetch(location)
    const size = Number(status.headers.get('range')?.slice(2)) + 1
    expect(size).toBeGreaterThan(1)
    expect(size).toBeLessThan(bytes.length)
    expect((await put(locationOf(status), digestOf(bytes), bytes.subarray(size))).status).toBe(201)
    expect(await pulled(own, digestOf(bytes))).toBe(digestOf(bytes))
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

  it('is given up once a client has been silent for too long, and keeps what arrived', async () => {
    await using own = await startRegistry({ stallTimeoutMs: 50 })
    const location = await startUpload(own)
    const socket = await sendPart('PATCH', location, content(1000), own.port)
    await once(socket, 'close')
    expect((await fetch(location)).headers.get('range')).toBe('0-999')
  })
})

describe('a client whose bytes are stored slowly', () => {
  it('is not taken for a silent one', async () => {
    class SlowOnce extends ForwardingDriver {
      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        const write = writer._write.bind(writer)
        writer._write = (...chunk) => {
          writer._write = write
          void setTimeout(500).then(() => write(...chunk))
        }
        return writer
      }
    }
    await using own = await startRegistry({ storage: new SlowOnce(inmemory()), stallTimeoutMs: 250 })
    const bytes = content(300_000)
    expect((await put(await startUpload(own), digestOf(bytes), bytes)).status).toBe(201)
  })
})

describe('an upload to a node that stops', () => {
  it('is cleaned up before the node has stopped when it cannot be continued', async () => {
    const cancelled: string[] = []
    class SlowCancel extends ForwardingDriver {
      readonly events = new EventEmitter()

      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        const cancel = writer.cancel.bind(writer)
        writer.cancel = async () => {
          await setTimeout(50)
          await cancel()
          cancelled.push(path)
        }
        this.events.emit('writer')
        return writer
      }
    }
    const storage = new SlowCancel(inmemory())
    const stopping = await startRegistry({ storage })
    const writing = once(storage.events, 'writer')
    const target = `${stopping.url}/v2/library/hello/blobs/uploads/?digest=${digestOf(content())}`
    const socket = await sendPart('POST', target, content(1000), stopping.port)
    await writing
    await stopping[Symbol.asyncDispose]()
    expect(cancelled).toHaveLength(1)
    socket.destroy()
  })

  it('is stored as far as it came before the node has stopped', async () => {
    const storage = inmemory()
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
