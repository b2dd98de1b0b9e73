import { Readable, addAbortSignal } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import {
  type CallOptions,
  type FileInfo,
  type FileWriter,
  ForwardingDriver,
  type ReadOptions,
  type StatOptions,
  StorageError,
  type WriteOptions,
  inmemory,
} from '@longshore/middleware-core'
import type { Digest } from '../../src/oci/digest.ts'
import { blobs } from '../../src/storage/layout.ts'
import { codesOf, content, digestOf, newManifest, pushBlob, putManifest } from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'
import { until } from '../support/until.ts'

/** A storage that can be told how to answer those who ask for the bytes of blobs and manifests. */
class Troubled extends ForwardingDriver {
  answer: ((options?: CallOptions) => Promise<Readable>) | undefined
  asked = 0
  writers = 0

  override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
    await this.#answered(path, options)
    return super.stat(path, options)
  }

  override async reader(path: string, options?: ReadOptions): Promise<Readable> {
    return (await this.#answered(path, options)) ?? super.reader(path, options)
  }

  override writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    this.writers += 1
    return super.writer(path, options)
  }

  async #answered(path: string, options?: CallOptions): Promise<Readable | undefined> {
    if (!this.answer || !path.startsWith(blobs)) return undefined
    this.asked += 1
    return this.answer(options)
  }
}

/** What a repository is asked for that has none of it, and how often the bytes are looked at beside its link. */
const lookups = [
  ['GET', 'manifests', 1],
  ['HEAD', 'manifests', 1],
  ['DELETE', 'manifests', 1],
  ['GET', 'blobs', 1],
  ['HEAD', 'blobs', 0],
  ['DELETE', 'blobs', 1],
] as const

async function ownedByOthers() {
  const storage = new Troubled(inmemory())
  const registry = await startRegistry({ storage, deletes: true })
  const name = 'library/secret'
  const manifest = await newManifest(registry, name)
  expect((await putManifest(registry, 'v1', manifest, { name })).status).toBe(201)
  const statusOf = async (method: string, kind: string, digest: Digest = digestOf(manifest)): Promise<number> =>
    (await fetch(`${registry.url}/v2/library/mine/${kind}/${digest}`, { method })).status
  return { storage, registry, statusOf, name, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() }
}

describe('what only other repositories have', () => {
  it.each(lookups)('is not waited for before an answer: %s of %s', async (method, kind, looks) => {
    await using own = await ownedByOthers()
    let givenUp = 0
    own.storage.answer = options =>
      new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => {
          givenUp += 1
          reject(options.signal?.reason as Error)
        })
      })
    expect(await own.statusOf(method, kind)).toBe(404)
    expect([own.storage.asked, givenUp]).toEqual([looks, looks])
  })

  it.each(lookups)('breaks no answer when it cannot be read: %s of %s', async (method, kind, looks) => {
    await using own = await ownedByOthers()
    own.storage.answer = () => Promise.reject(new StorageError('UNAVAILABLE', 'too busy'))
    expect(await own.statusOf(method, kind)).toBe(404)
    expect(own.storage.asked).toBe(looks)
  })

  it.each(['GET', 'DELETE'])('is not read to its end before an answer: %s', async method => {
    await using own = await ownedByOthers()
    const endless = new Readable({ read: () => {} })
    endless.push(content())
    own.storage.answer = async options => (options?.signal ? addAbortSignal(options.signal, endless) : endless)
    expect(await own.statusOf(method, 'manifests')).toBe(404)
    await until(() => endless.destroyed)
  })

  it('does not show in what is done with a body that is sent for it', async () => {
    await using own = await ownedByOthers()
    const theirs = await pushBlob(own.registry, content(), own.name)
    for (const digest of [theirs, digestOf(content())]) {
      own.storage.writers = 0
      const target = `${own.registry.url}/v2/library/mine/blobs/uploads/?digest=${digest}`
      const response = await fetch(target, { method: 'POST', body: content() })
      expect([response.status, await codesOf(response), own.storage.writers]).toEqual([400, ['DIGEST_INVALID'], 1])
    }
  })
})
