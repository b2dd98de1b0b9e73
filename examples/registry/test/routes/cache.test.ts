import { describe, expect, it } from '@jest/globals'
import {
  type FileInfo,
  ForwardingDriver,
  type ReadOptions,
  type StatOptions,
  type StorageDriver,
  inmemory,
} from '@longshore/middleware-core'
import type { Digest } from '../../src/oci/digest.ts'
import { layerLink, revisionLink } from '../../src/storage/layout.ts'
import {
  codesOf,
  content,
  descriptor,
  digestOf,
  imageType,
  indexType,
  locationOf,
  newManifest,
  patch,
  pushBlob,
  put,
  putManifest,
  startUpload,
} from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'

function dataOf(digest: Digest): string {
  return `/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`
}

/** Counts what is asked about files. */
class Counted extends ForwardingDriver {
  asked = 0

  override stat(path: string, options?: StatOptions): Promise<FileInfo> {
    this.asked += 1
    return super.stat(path, options)
  }

  override getContent(path: string): Promise<Uint8Array> {
    this.asked += 1
    return super.getContent(path)
  }

  override reader(path: string, options?: ReadOptions) {
    this.asked += 1
    return super.reader(path, options)
  }
}

async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init)
  await response.arrayBuffer()
  return response.status
}

describe('what a node remembers of blobs and manifests', () => {
  it('is forgotten when it is deleted there', async () => {
    await using own = await startRegistry({ deletes: true })
    const manifest = await newManifest(own)
    await putManifest(own, 'v1', manifest)
    for (const path of [`blobs/${await pushBlob(own)}`, `manifests/${digestOf(manifest)}`]) {
      const url = `${own.url}/v2/library/hello/${path}`
      expect(await statusOf(url)).toBe(200)
      expect(await statusOf(url, { method: 'DELETE' })).toBe(202)
      expect(await statusOf(url)).toBe(404)
      expect(await statusOf(url, { method: 'DELETE' })).toBe(404)
    }
  })

  it('is forgotten when its bytes turn out to be gone', async () => {
    await using own = await startRegistry()
    const digest = await pushBlob(own)
    await own.storage.delete(dataOf(digest))
    const url = `${own.url}/v2/library/hello/blobs/${digest}`
    expect(await statusOf(url, { method: 'HEAD' })).toBe(200)
    expect(await statusOf(url)).toBe(404)
    expect(await statusOf(url, { method: 'HEAD' })).toBe(404)
  })

  it('does not vouch for what a manifest refers to', async () => {
    await using own = await startRegistry()
    const [config, layer] = [await pushBlob(own), await pushBlob(own)]
    await own.storage.delete(dataOf(layer))
    expect(await statusOf(`${own.url}/v2/library/hello/blobs/${layer}`, { method: 'HEAD' })).toBe(200)
    const image = { schemaVersion: 2, mediaType: imageType, config: descriptor(config), layers: [descriptor(layer)] }
    const response = await putManifest(own, 'v1', JSON.stringify(image))
    expect([response.status, await codesOf(response)]).toEqual([404, ['MANIFEST_BLOB_UNKNOWN']])
  })

  it('is forgotten when a manifest is refused for want of it, so that the client sends it again', async () => {
    await using own = await startRegistry()
    const [config, layer] = [await pushBlob(own), await pushBlob(own)]
    const child = await newManifest(own)
    await putManifest(own, 'v1', child)
    await own.storage.delete(layerLink('library/hello', layer))
    await own.storage.delete(revisionLink('library/hello', digestOf(child)))
    const image = { schemaVersion: 2, mediaType: imageType, config: descriptor(config), layers: [descriptor(layer)] }
    const index = { schemaVersion: 2, mediaType: indexType, manifests: [descriptor(digestOf(child), imageType)] }
    const [blob, manifest] = [`blobs/${layer}`, `manifests/${digestOf(child)}`]
    for (const [path, refused] of [
      [blob, image],
      [manifest, index],
    ] as const) {
      const url = `${own.url}/v2/library/hello/${path}`
      expect(await statusOf(url, { method: 'HEAD' })).toBe(200)
      const response = await putManifest(own, 'v2', JSON.stringify(refused), { type: refused.mediaType })
      expect(await codesOf(response)).toEqual(['MANIFEST_BLOB_UNKNOWN'])
      expect(await statusOf(url, { method: 'HEAD' })).toBe(404)
    }
  })

  it('does not vouch for what is mounted', async () => {
    await using own = await startRegistry()
    const digest = await pushBlob(own)
    await own.storage.delete(dataOf(digest))
    expect(await statusOf(`${own.url}/v2/library/hello/blobs/${digest}`, { method: 'HEAD' })).toBe(200)
    const target = `${own.url}/v2/library/target/blobs/uploads/?mount=${digest}&from=library/hello`
    expect(await statusOf(target, { method: 'POST' })).toBe(202)
    expect(await statusOf(`${own.url}/v2/library/hello/blobs/${digest}`, { method: 'HEAD' })).toBe(404)
  })

  it('does not save sending bytes that are gone', async () => {
    await using own = await startRegistry()
    const bytes = content()
    const digest = await pushBlob(own, bytes)
    await own.storage.delete(dataOf(digest))
    await pushBlob(own, bytes)
    expect((await own.storage.stat(dataOf(digest))).size).toBe(bytes.length)
  })

  it.each([
    [0, true],
    [1, false],
  ])('is as much as it may be: with room for %s the storage is asked again: %s', async (maxCached, isAsked) => {
    const storage = new Counted(inmemory())
    await using own = await startRegistry({ storage, maxCached })
    const manifest = await newManifest(own)
    await putManifest(own, 'v1', manifest)
    for (const path of [`blobs/${await pushBlob(own)}`, `manifests/${digestOf(manifest)}`]) {
      storage.asked = 0
      expect(await statusOf(`${own.url}/v2/library/hello/${path}`, { method: 'HEAD' })).toBe(200)
      expect(storage.asked > 0).toBe(isAsked)
    }
  })
})

describe('bytes that are there already', () => {
  /** A storage whose files are so old. */
  class Aged extends ForwardingDriver {
    hours = 0

    override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
      const info = await super.stat(path, options)
      return { ...info, modifiedAt: new Date(info.modifiedAt.getTime() - this.hours * 3_600_000) }
    }
  }

  const pushes = {
    'in the POST': async (url: string, bytes: Buffer<ArrayBuffer>) =>
      fetch(`${url}/v2/library/hello/blobs/uploads/?digest=${digestOf(bytes)}`, { method: 'POST', body: bytes }),
    'in the PUT': async (url: string, bytes: Buffer<ArrayBuffer>) =>
      put(await startUpload({ url }), digestOf(bytes), bytes),
    'in a PATCH': inPatch,
    'in a large PATCH': inPatch,
    'as a manifest': async (url: string, bytes: Buffer<ArrayBuffer>) => putManifest({ url }, 'v1', bytes.toString()),
  }

  async function inPatch(url: string, bytes: Buffer<ArrayBuffer>): Promise<Response> {
    return put(locationOf(await patch(await startUpload({ url }), bytes)), digestOf(bytes))
  }

  async function manifestBytes(storage: StorageDriver): Promise<Buffer<ArrayBuffer>> {
    await using other = await startRegistry({ storage })
    return Buffer.from(await newManifest(other))
  }

  /** Whoever has all bytes at hand stores them in any case, and whoever would ask as long as it takes to store them. */
  const always = new Set(['in the POST', 'in the PUT', 'in a PATCH', 'as a manifest'])

  it.each(
    Object.entries(pushes).flatMap(([how, push]) => [
      [how, 11, always.has(how), push] as const,
      [how, 13, true, push] as const,
    ]),
  )('and come %s are stored again when they are %s hours old: %s', async (how, hours, isStored, push) => {
    const storage = new Aged(inmemory())
    await using own = await startRegistry({ storage })
    const bytes =
      how === 'as a manifest' ? await manifestBytes(storage) : content(how === 'in a large PATCH' ? 100_000 : 1000)
    expect((await push(own.url, bytes)).status).toBe(201)
    const { revision } = await storage.stat(dataOf(digestOf(bytes)))
    storage.hours = hours
    expect((await push(own.url, bytes)).status).toBe(201)
    const now = await storage.stat(dataOf(digestOf(bytes)))
    expect(now.revision !== revision).toBe(isStored)
    expect(digestOf(await storage.getContent(dataOf(digestOf(bytes))))).toBe(digestOf(bytes))
  })
})
