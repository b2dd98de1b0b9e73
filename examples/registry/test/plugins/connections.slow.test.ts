import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { type Socket, connect } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import {
  type FileWriter,
  ForwardingDriver,
  type ReadOptions,
  StorageError,
  type WriteOptions,
  inmemory,
} from '@longshore/middleware-core'
import { createRegistry } from '../../src/app.ts'
import { codesOf, content, pushBlob, startUpload } from '../support/client.ts'
import { sharedRegistry, startRegistry } from '../support/registry.ts'

const registry = sharedRegistry()

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

/** Sends a request's head and zeros until there are `size` or the other side is gone, and gives all that came back. */
async function send(port: number, head: string, size: number): Promise<{ answer: string; sent: number }> {
  const socket = dial(port)
  let answer = ''
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')))
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write(`${head} HTTP/1.1\r\nhost: registry\r\ncontent-length: ${size}\r\n\r\n`)
  const chunk = Buffer.alloc(1 << 16)
  let sent = 0
  for (; sent < size && !socket.destroyed; sent += chunk.length) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => {}), closed])
  }
  socket.end()
  await closed
  return { answer, sent }
}

describe('a request that is answered before its body has come', () => {
  const head = 'PUT /v2/library/hello/manifests/long'

  it.each([6, 200])('is read to its end, and then its connection is closed: %s MiB', async mebibytes => {
    const size = mebibytes << 20
    const { answer, sent } = await send(registry.port, head, size)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/^connection: close\r$/im)
    expect(answer).toContain('MANIFEST_INVALID')
    expect(sent).toBe(size)
  })

  it('is not read for ever', async () => {
    const socket = dial(registry.port)
    const ended = once(socket, 'end')
    socket.write(`${head} HTTP/1.1\r\nhost: registry\r\ncontent-length: ${1 << 30}\r\n\r\n`)
    socket.write(Buffer.alloc(5 << 20))
    socket.resume()
    await ended
    socket.destroy()
  })

  it('is understood by clients that read only when all is sent', async () => {
    const body = Buffer.alloc(64 << 20)
    const request = httpRequest({ port: registry.port, method: 'PUT', path: '/v2/library/hello/manifests/long' })
    const answered = once(request, 'response')
    request.end(body)
    await once(request, 'finish')
    const [response] = (await answered) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    expect(await text(response)).toContain('MANIFEST_INVALID')
  })

  it('is answered when the storage fails in the middle', async () => {
    class Failing extends ForwardingDriver {
      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        writer._write = (_chunk, _encoding, done) => done(new StorageError('UNAVAILABLE', 'slow down'))
        return writer
      }
    }
    await using own = await startRegistry({ storage: new Failing(inmemory()), onFailure: () => {} })
    const { pathname } = new URL(await startUpload(own))
    const { answer, sent } = await send(own.port, `PATCH ${pathname}`, 6 << 20)
    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer).toMatch(/^connection: close\r$/im)
    expect(sent).toBe(6 << 20)
  })
})

describe('a client that does not speak HTTP', () => {
  it('is hung up on, though it does not hang up itself', async () => {
    const app = createRegistry(inmemory())
    await app.listen({ host: '127.0.0.1', port: 0 })
    const gone = new Promise(resolve => {
      app.server.once('connection', socket => socket.once('close', resolve))
    })
    const { port } = app.server.address() as { port: number }
    const socket = dial(port).resume()
    socket.write('garbage\r\n\r\n')
    await gone
    socket.destroy()
    await app.close()
  })

  it('gets no second answer in the middle of the first', async () => {
    class Endless extends ForwardingDriver {
      override async reader(): Promise<Readable> {
        const chunk = Buffer.alloc(100)
        let given = false
        return new Readable({
          read() {
            if (!given) this.push(chunk)
            given = true
          },
        })
      }
    }
    const storage = inmemory()
    await using other = await startRegistry({ storage })
    await using own = await startRegistry({ storage: new Endless(storage) })
    const digest = await pushBlob(other)
    const socket = dial(own.port)
    let answer = ''
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1')
      if (answer.endsWith('\0')) socket.write('garbage\r\n\r\n')
    })
    socket.on('end', () => socket.end())
    socket.write(`GET /v2/library/hello/blobs/${digest} HTTP/1.1\r\nhost: registry\r\n\r\n`)
    await once(socket, 'close')
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
  })
})

describe('pulling a blob', () => {
  it('frees the storage when the client has gone before a range of it is sent', async () => {
    const events = new EventTarget()
    const asked = once(events, 'asked')
    const left = once(events, 'left')
    const freed = once(events, 'freed')
    const tell = (what: string): boolean => events.dispatchEvent(new Event(what))
    class Late extends ForwardingDriver {
      override async reader(path: string, options?: ReadOptions): Promise<Readable> {
        tell('asked')
        await left
        const reader = await super.reader(path, options)
        return reader.once('close', () => tell('freed'))
      }
    }
    const storage = inmemory()
    await using other = await startRegistry({ storage })
    const digest = await pushBlob(other, content(1_000_000))
    await using own = await startRegistry({ storage: new Late(storage), onRequest: () => tell('left') })
    const socket = dial(own.port)
    const path = `/v2/library/hello/blobs/${digest}`
    socket.write(`GET ${path} HTTP/1.1\r\nhost: registry\r\nrange: bytes=0-99\r\n\r\n`)
    await asked
    socket.destroy()
    await freed
  })

  it.each([{}, { range: 'bytes=0-9' }])('answers 404 when it was deleted meanwhile: %j', async headers => {
    class Gone extends ForwardingDriver {
      override reader(): Promise<Readable> {
        return Promise.reject(new StorageError('PATH_NOT_FOUND', 'nothing there'))
      }
    }
    const storage = inmemory()
    await using other = await startRegistry({ storage })
    await using own = await startRegistry({ storage: new Gone(storage) })
    const response = await fetch(`${own.url}/v2/library/hello/blobs/${await pushBlob(other)}`, { headers })
    expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UNKNOWN']])
    expect(response.headers.get('etag')).toBeNull()
  })
})
