import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import {
  type FileWriter,
  ForwardingDriver,
  type MoveOptions,
  type ReadOptions,
  StorageError,
  type WriteOptions,
  inmemory,
  type PutOptions,
} from '@longshore/middleware-core'
import { codesOf, content, digestOf, locationOf, patch, pulled, put, startUpload } from '../support/client.ts'
import { filesOf, startRegistry } from '../support/registry.ts'

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

describe('an upload on several nodes', () => {
  it('goes on and ends on any of them', async () => {
    const storage = inmemory()
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

  it.each([0, 100])('takes no bytes at a place other than the client was told: %d bytes', async stored => {
    const storage = inmemory()
    await using one = await startRegistry({ storage })
    await using other = await startRegistry({ storage })
    const bytes = content(300)
    const location = await startUpload(one)
    if (stored > 0) await patch(location, bytes.subarray(0, stored))
    const told = await fetch(location.replace(one.url, other.url))
    expect(told.status).toBe(204)
    // As from a node that was killed: its write reaches the storage late.
    await patch(location, bytes.subarray(stored, 200), `${stored}-199`)
    for (const send of [patch, (url: string, rest: typeof bytes) => put(url, digestOf(bytes), rest)]) {
      const refused = await send(locationOf(told), bytes.subarray(stored))
      expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-199'])
    }
    const now = await fetch(locationOf(told))
    expect(now.headers.get('range')).toBe('0-199')
    expect((await put(locationOf(now), digestOf(bytes), bytes.subarray(200))).status).toBe(201)
    expect(await pulled(one, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('is finished by an empty chunk with an older URL, but not while bytes are missing that the client was told of', async () => {
    const storage = inmemory()
    await using registry = await startRegistry({ storage })
    const bytes = content(300)
    const begun = await patch(await startUpload(registry), bytes.subarray(0, 100))
    const whole = await patch(locationOf(begun), bytes.subarray(100))
    // As by a node that was killed while it stored the first bytes again.
    const path = [...(await filesOf(storage)).keys()].find(key => key.endsWith('/startedat')) ?? ''
    const writer = await storage.writer(path.replace('startedat', 'data'))
    writer.write(bytes.subarray(0, 100))
    await writer.close()
    const refused = await put(locationOf(whole), digestOf(bytes))
    expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-99'])
    expect((await patch(locationOf(refused), bytes.subarray(100))).status).toBe(202)
    expect((await put(locationOf(begun), digestOf(bytes))).status).toBe(201)
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('is never published under a wrong digest, though no node saw all of it', async () => {
    const storage = inmemory()
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
    const storage = new Watched(inmemory())
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
    const storage = inmemory()
    await using own = await startRegistry({ storage: new Changing(storage) })
    await using other = await startRegistry({ storage })
    const bytes = content(300)
    const location = await startUpload(own)
    await patch(location.replace(own.url, other.url), bytes)
    const response = await put(location, digestOf(bytes))
    expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    expect(await pulled(own, digestOf(bytes))).toBe(404)
    expect((await fetch(location)).status).toBe(404)
  })

  it('is gone for a node that the storage tells so', async () => {
    class Conflicting extends ForwardingDriver {
      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        const writer = await super.writer(path, options)
        writer.close = () => Promise.reject(new StorageError('UPLOAD_NOT_FOUND', 'changed meanwhile'))
        return writer
      }
    }
    await using own = await startRegistry({ storage: new Conflicting(inmemory()) })
    const response = await patch(await startUpload(own), content(10))
    expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
  })

  it('can be finished after its link could not be written', async () => {
    let failures = 1
    class Fails extends ForwardingDriver {
      override async putContent(path: string, bytes: Uint8Array | string, options?: PutOptions) {
        if (path.includes('/_layers/') && failures-- > 0) throw new StorageError('UNAVAILABLE', 'slow down')
        return super.putContent(path, bytes, options)
      }
    }
    await using own = await startRegistry({ storage: new Fails(inmemory()), onFailure: () => {} })
    const bytes = content(300)
    const location = await startUpload(own)
    await patch(location, bytes)
    expect((await put(location, digestOf(bytes))).status).toBe(503)
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(own, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it.each([
    ['sha256', false],
    ['sha512', true],
  ] as const)('is read again only where its %s is not known: %s', async (algorithm, isRead) => {
    const reads: string[] = []
    class Reads extends ForwardingDriver {
      override reader(path: string, options?: ReadOptions) {
        reads.push(path)
        return super.reader(path, options)
      }
    }
    const storage = inmemory()
    await using own = await startRegistry({ storage: new Reads(storage) })
    await using other = await startRegistry({ storage })
    const bytes = content(300)
    const digest = digestOf(bytes, algorithm)
    expect((await put(await startUpload(own), digest, bytes)).status).toBe(201)
    expect(reads).toEqual([])
    const more = content(300)
    const location = await startUpload(own)
    await patch(location, more.subarray(0, 100))
    await patch(location, more.subarray(100, 200), '100-199')
    expect((await put(location, digestOf(more, algorithm), more.subarray(200))).status).toBe(201)
    expect(reads.length > 0).toBe(isRead)
    expect(await pulled(other, digestOf(more, algorithm))).toBe(digestOf(more, algorithm))
  })

  it('can be finished after a node failed between storing and publishing it', async () => {
    const storage = inmemory()
    class Fails extends ForwardingDriver {
      override move(): Promise<void> {
        return Promise.reject(new Error('power cut'))
      }
    }
    await using failing = await startRegistry({ storage: new Fails(storage), onFailure: () => {} })
    await using other = await startRegistry({ storage })
    const bytes = content(300)
    const location = await startUpload(failing)
    const elsewhere = location.replace(failing.url, other.url)
    await patch(elsewhere, bytes)
    expect((await put(location, digestOf(bytes))).status).toBe(500)
    expect((await fetch(elsewhere)).headers.get('range')).toBe('0-299')
    expect((await patch(elsewhere, content(10))).status).toBe(416)
    expect((await put(elsewhere, digestOf(bytes))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  })
})
