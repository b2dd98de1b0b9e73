import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ForwardingDriver, type PutOptions, type StatOptions } from '@longshore/middleware-core'
import type { Digest } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { BlobStore } from '../../src/storage/blob-store.ts'
import { MemoryCaches } from '../../src/storage/cache/memory-caches.ts'
import { layerLink, referrerLink, revisionLink } from '../../src/storage/layout.ts'
import { Completeness } from '../../src/storage/completeness.ts'
import { ManifestStore } from '../../src/storage/manifest-store.ts'
import { content, descriptor, digestOf, imageType } from '../support/client.ts'
import { collect, has, missingOf } from './collect.ts'
import { Filler } from './filler.ts'
import { type TestStorage, storages } from './storages.ts'

/** A storage in which writing one file takes long, and something happens meanwhile. */
class Stalling extends ForwardingDriver {
  time = 0
  slowPath = ''
  meanwhile = async (): Promise<unknown> => undefined
  beforeStat = async (): Promise<void> => {}

  now(): number {
    return this.time
  }

  override async putContent(path: string, bytes: Uint8Array | string, options?: PutOptions) {
    if (path === this.slowPath) {
      await this.meanwhile()
      this.time += 31_000
    }
    return super.putContent(path, bytes, options)
  }

  override async stat(path: string, options?: StatOptions) {
    await this.beforeStat()
    return super.stat(path, options)
  }
}

describe('a request that took longer than a collection of garbage waits', () => {
  let test: TestStorage
  let fill: Filler
  let storage: Stalling
  let blobs: BlobStore
  let manifests: ManifestStore

  beforeEach(async () => {
    test = await storages['inmemory']!()
    fill = new Filler(test.storage)
    storage = new Stalling(test.storage)
    const caches = new MemoryCaches({ maxEntries: 100, clock: storage })
    blobs = new BlobStore(storage, caches, storage)
    manifests = new ManifestStore(storage, new Completeness(storage, blobs), caches, storage)
  })

  afterEach(async () => {
    await test[Symbol.asyncDispose]()
  })

  /** An image of one old blob, whose own link takes long to be written. */
  async function slowImage(): Promise<{ subject: Digest; digest: Digest; put(): Promise<void> }> {
    const layer = await fill.blob('one')
    await test.storage.age()
    const subject = digestOf(content())
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: imageType,
        config: descriptor(layer),
        layers: [],
        subject: descriptor(subject, imageType),
      }),
    )
    const digest = digestOf(bytes)
    storage.slowPath = revisionLink('one', digest)
    return { subject, digest, put: () => manifests.put('one', digest, bytes, parseManifest(bytes)) }
  }

  it('is refused when its manifest’s layers are gone by then, and leaves nothing that says it was stored', async () => {
    const { subject, digest, put } = await slowImage()
    storage.meanwhile = () => collect(test.storage)
    await expect(put()).rejects.toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' })
    expect(await has(test.storage, revisionLink('one', digest))).toBe(false)
    expect(await has(test.storage, referrerLink('one', subject, digest))).toBe(false)
    expect(await manifests.find('one', digest)).toBeUndefined()
  })

  it('stores its manifest when all is there still', async () => {
    const { digest, put } = await slowImage()
    await put()
    expect(await missingOf(test.storage, 'one', digest)).toEqual([])
    expect(await manifests.find('one', digest)).toMatchObject({ digest })
  })

  it('leaves no manifest of which it cannot tell whether its layers are there', async () => {
    const { digest, put } = await slowImage()
    storage.meanwhile = async () => {
      storage.beforeStat = () => Promise.reject(new Error('S3 is gone'))
    }
    await expect(put()).rejects.toThrow('S3 is gone')
    expect(await has(test.storage, revisionLink('one', digest))).toBe(false)
  })

  it('does not mount a blob that is gone by then', async () => {
    const layer = await fill.blob('one')
    await test.storage.age()
    storage.slowPath = layerLink('two', layer)
    storage.meanwhile = () => collect(test.storage)
    expect(await blobs.mount('one', 'two', layer)).toBe(false)
    await expect(blobs.find('two', layer)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
  })

  it('mounts a blob that is there still', async () => {
    const layer = await fill.blob('one')
    storage.slowPath = layerLink('two', layer)
    expect(await blobs.mount('one', 'two', layer)).toBe(true)
    expect(await blobs.find('two', layer)).toMatchObject({ digest: layer })
  })
})
