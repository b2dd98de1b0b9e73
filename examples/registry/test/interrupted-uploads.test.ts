import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { type Socket, connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import {
  type FileWriter,
  ForwardingDriver,
  type MoveOptions,
  type ReadOptions,
  StorageError,
  type WriteOptions,
  inmemory,
} from '@longshore/middleware-core'
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

/** Tells when a writer is there. */
class Watched extends ForwardingDriver {
  readonly events = new EventEmitter()

  override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    const writer = await super.writer(path, options)
    this.events.emit('writer')
    return writer
  }
}

/** Sends half of a chunk and waits until the node writes; the call that it gives sends the rest. */
async function openPatch(storage: Watched, target: string, bytes: Buffer): Promise<() => Promise<unknown>> {
  const writing = once(storage.events, 'writer')
  const sending = request(target, { method: 'PATCH' }).on('response', response => response.resume())
  const answered = once(sending, 'close')
  sending.write(bytes.subarray(0, bytes.length / 2))
  await writing
  return () => {
    sending.end(bytes.subarray(bytes.length / 2))
    return answered
  }
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
    await using own = await startRegistry({ storage: new SlowOnce(inmemory({})), patience: 0.25 })
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
    const storage = new SlowCancel(inmemory({}))
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

  it('is never published with the bytes of another node that wrote at the same time', async () => {
    const storage = new Watched(inmemory({}))
    await using one = await startRegistry({ storage })
    await using other = await startRegistry({ storage })
    const [bytes, others] = [content(1000), content(1000)]
    const location = await startUpload(one)
    const first = await openPatch(storage, location, bytes)
    const second = await openPatch(storage, location.replace(one.url, other.url), others)
    await first()
    await second()
    await put(location, digestOf(bytes))
    expect([404, digestOf(bytes)]).toContain(await pulled(other, digestOf(bytes)))
  })

  it('is not published when its bytes change after they were checked', async () => {
    class Changing extends ForwardingDriver {
      override async move(source: string, destination: string, options?: MoveOptions): Promise<void> {
        await this.putContent(source, content(300))
        return super.move(source, destination, options)
      }
    }
    const storage = inmemory({})
    await using own = await startRegistry({ storage: new Changing(storage) })
    const bytes = content(300)
    const location = await startUpload(own)
    await patch(location, bytes)
    const response = await put(location, digestOf(bytes))
    expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    expect(await pulled(own, digestOf(bytes))).toBe(404)
    expect((await fetch(location)).status).toBe(404)
  })

  it('is gone for a node that the storage tells so', async () => {
    class Conflicting extends ForwardingDriver {
      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        writer.close = () => Promise.reject(new StorageError('CONFLICT', 'changed meanwhile'))
        return writer
      }
    }
    await using own = await startRegistry({ storage: new Conflicting(inmemory({})) })
    const response = await patch(await startUpload(own), content(10))
    expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
  })

  it('can be finished after its link could not be written', async () => {
    let failures = 1
    class Fails extends ForwardingDriver {
      override async putContent(path: string, bytes: Uint8Array | string): Promise<void> {
        if (path.includes('/_layers/') && failures-- > 0) throw new StorageError('UNAVAILABLE', 'slow down')
        return super.putContent(path, bytes)
      }
    }
    await using own = await startRegistry({ storage: new Fails(inmemory({})), onFailure: () => {} })
    const bytes = content(300)
    const location = await startUpload(own)
    await patch(location, bytes)
    expect((await put(location, digestOf(bytes))).status).toBe(503)
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(own, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('is not read again when one request brought all of it', async () => {
    const reads: string[] = []
    class Reads extends ForwardingDriver {
      override reader(path: string, options?: ReadOptions) {
        reads.push(path)
        return super.reader(path, options)
      }
    }
    await using own = await startRegistry({ storage: new Reads(inmemory({})) })
    const bytes = content(300)
    expect((await put(await startUpload(own), digestOf(bytes), bytes)).status).toBe(201)
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
