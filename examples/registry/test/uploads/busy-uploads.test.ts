import { EventEmitter, once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { type FileWriter, ForwardingDriver, type WriteOptions, inmemory } from '@longshore/middleware-core'
import { codesOf, content, digestOf, locationOf, patch, pulled, put, startUpload } from '../support/client.ts'
import { filesOf, startRegistry } from '../support/registry.ts'

/** Tells when bytes come to a writer, and can keep it from taking them. */
class Watched extends ForwardingDriver {
  readonly events = new EventEmitter()
  #gate = Promise.resolve()

  /** Writers take nothing until what is returned is called. */
  hold(): () => void {
    let open = (): void => {}
    this.#gate = new Promise(resolve => (open = resolve))
    return open
  }

  override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    const writer = await super.writer(path, options)
    const write = writer._write.bind(writer)
    writer._write = (...chunk) => {
      this.events.emit('write')
      void this.#gate.then(() => write(...chunk))
    }
    return writer
  }
}

/** Begins a PATCH of two halves, and waits until the first has come to the storage. */
async function beginPatch(storage: Watched, location: string, half: Buffer): Promise<ClientRequest> {
  const arrived = once(storage.events, 'write')
  const sending = request(location, { method: 'PATCH', headers: { 'content-length': 2 * half.length } })
  sending.on('error', () => {})
  sending.write(half)
  await arrived
  return sending
}

async function finish(sending: ClientRequest, half: Buffer): Promise<number | undefined> {
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  sending.end(half)
  const [response] = await answered
  response.resume()
  return response.statusCode
}

describe('beside a PATCH that is under way', () => {
  it('GET says at once how much was stored before', async () => {
    const storage = new Watched(inmemory())
    await using own = await startRegistry({ storage })
    const bytes = content(300)
    const location = locationOf(await patch(await startUpload(own), bytes.subarray(0, 100)))
    const sending = await beginPatch(storage, location, bytes.subarray(100, 200))
    const response = await fetch(location)
    expect([response.status, response.headers.get('range')]).toEqual([204, '0-99'])
    expect(await finish(sending, bytes.subarray(200))).toBe(202)
    expect((await fetch(location)).headers.get('range')).toBe('0-299')
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(own, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it.each(['PATCH', 'PUT'])('DELETE ends a %s with its connection, and leaves nothing', async method => {
    const storage = new Watched(inmemory())
    await using own = await startRegistry({ storage })
    const bytes = content(1000)
    const location = await startUpload(own)
    const sending = request(`${location}&digest=${digestOf(bytes)}`, { method, headers: { 'content-length': 2000 } })
    const closed = new Promise(resolve => sending.once('close', resolve).on('error', () => {}))
    const arrived = once(storage.events, 'write')
    sending.write(bytes)
    await arrived
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204)
    await closed
    expect((await fetch(location)).status).toBe(404)
    expect(await filesOf(storage)).toEqual(new Map())
    expect(await storage.purgeUploads({ olderThan: new Date(Date.now() + 1000) })).toEqual({ uploads: 0 })
  })

  it('DELETE refuses those that wait for it', async () => {
    const storage = new Watched(inmemory())
    await using own = await startRegistry({ storage })
    const location = await startUpload(own)
    await beginPatch(storage, location, content(100))
    const waiting = [patch(location, content(100)), put(location, digestOf('x'))]
    // Both have come before what follows them on the same machine: each is refused, whether it waited or came too late.
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204)
    for (const response of await Promise.all(waiting)) {
      expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    }
    expect(await filesOf(storage)).toEqual(new Map())
  })

  it.each([
    ['PATCH', (url: string) => patch(url, content(10))],
    ['PUT', (url: string) => put(url, digestOf(''), content(10))],
  ])('%s waits, and is refused when that does not end', async (_, send) => {
    const storage = new Watched(inmemory())
    await using own = await startRegistry({ storage, stallTimeoutMs: 50 })
    const bytes = content(200)
    const location = await startUpload(own)
    const open = storage.hold()
    // It is the storage that takes its time here, so the client does not count as gone.
    const sending = patch(location, bytes)
    await once(storage.events, 'write')
    const response = await send(location)
    expect([response.status, await codesOf(response)]).toEqual([409, ['BLOB_UPLOAD_INVALID']])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    open()
    expect((await sending).status).toBe(202)
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(own, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('PATCH goes on from it when its client turns out to be gone', async () => {
    const storage = new Watched(inmemory())
    await using own = await startRegistry({ storage, stallTimeoutMs: 1000 })
    const bytes = content(200)
    const location = await startUpload(own)
    await beginPatch(storage, location, bytes.subarray(0, 100))
    expect((await patch(location, bytes.subarray(100), '100-199')).status).toBe(202)
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(own, digestOf(bytes))).toBe(digestOf(bytes))
  })
})
