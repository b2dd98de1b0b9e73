import { createHash, randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import {
  type FileInfo,
  type DeleteOptions,
  ForwardingDriver,
  type MoveOptions,
  type StatOptions,
  type StorageDriver,
  inmemory,
  type PutOptions,
} from '@longshore/middleware-core'
import { DEFAULT_GRACE_MS } from '../../src/gc/collection.ts'
import type { Digest } from '../../src/oci/digest.ts'
import {
  descriptor,
  digestOf,
  imageType,
  indexType,
  locationOf,
  patch,
  put,
  putManifest,
  startUpload,
} from '../support/client.ts'
import { type TestRegistry, startRegistry } from '../support/registry.ts'
import { collect, missingOf, troubleIn } from './collect.ts'

/** In milliseconds, instead of 24 hours. */
const graceMs = 8000

/** A storage whose answers take their time as those of a cloud do. */
class Slow extends ForwardingDriver {
  override stat(path: string, options?: StatOptions): Promise<FileInfo> {
    return delayed(() => super.stat(path, options))
  }

  override getContent(path: string): Promise<Uint8Array> {
    return delayed(() => super.getContent(path))
  }

  override putContent(path: string, bytes: Uint8Array | string, options?: PutOptions) {
    return delayed(() => super.putContent(path, bytes, options))
  }

  override delete(path: string, options?: DeleteOptions): Promise<void> {
    return delayed(() => super.delete(path, options))
  }

  override move(source: string, destination: string, options?: MoveOptions): Promise<void> {
    return delayed(() => super.move(source, destination, options))
  }
}

/** The same storage for a registry, for which the grace period is 24 hours: files grow old so much faster than time. */
class FastAging extends ForwardingDriver {
  override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
    const info = await super.stat(path, options)
    const now = Date.now()
    return { ...info, modifiedAt: new Date(now - (now - info.modifiedAt.getTime()) * (DEFAULT_GRACE_MS / graceMs)) }
  }
}

/** A request and its answer are on their way for a while each, now and then for longer. */
async function delayed<Result>(call: () => Promise<Result>): Promise<Result> {
  const pause = (): Promise<void> => setTimeout(randomInt(randomInt(8) === 0 ? 40 : 4))
  await pause()
  try {
    return await call()
  } finally {
    await pause()
  }
}

/** Few contents, so that what is pushed was often pushed before, and is garbage by now. */
const contents = Array.from({ length: 60 }, (_, index) => Buffer.from(createHash('sha512').update(`${index}`).digest()))

/** A client that pushes as the usual ones do, to either of two nodes. It alone writes its tags. */
class Client {
  /** What the registry has acknowledged. */
  readonly tags = new Map<string, Digest>()
  pushes = 0
  repeated = 0
  readonly #nodes: readonly TestRegistry[]
  readonly #name: string
  readonly #id: number

  constructor(nodes: readonly TestRegistry[], name: string, id: number) {
    this.#nodes = nodes
    this.#name = name
    this.#id = id
  }

  async work(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const tag = `client-${this.#id}-${randomInt(4)}`
      if (randomInt(4) === 0) await this.#deleteTag(tag)
      else await this.#push(tag)
      await setTimeout(randomInt(50))
    }
  }

  /** A registry that has just unlinked a blob says so when its manifest comes. Then a client sends it again. */
  async #push(tag: string): Promise<void> {
    for (let tries = 0; tries < 10; tries++) {
      const first = await this.#pushImage(undefined)
      const isIndex = first && randomInt(3) === 0
      const digest = isIndex ? await this.#pushIndex(first, tag) : first && (await this.#pushImage(tag))
      if (digest) {
        this.tags.set(tag, digest)
        this.pushes += 1
        return
      }
      this.repeated += 1
    }
    throw new Error(`${this.#name}:${tag} could not be pushed`)
  }

  async #pushImage(tag: string | undefined): Promise<Digest | undefined> {
    const [config, ...layers] = await Promise.all([0, 1, 2].map(() => this.#pushBlob(any(contents))))
    return this.#pushManifest(tag, imageType, {
      schemaVersion: 2,
      mediaType: imageType,
      config: descriptor(config!),
      layers: layers.map(digest => descriptor(digest)),
    })
  }

  #pushIndex(image: Digest, tag: string): Promise<Digest | undefined> {
    const manifests = [descriptor(image, imageType)]
    return this.#pushManifest(tag, indexType, { schemaVersion: 2, mediaType: indexType, manifests })
  }

  async #pushManifest(tag: string | undefined, type: string, manifest: object): Promise<Digest | undefined> {
    const body = JSON.stringify(manifest)
    const digest = digestOf(body)
    const response = await putManifest(any(this.#nodes), tag ?? digest, body, { name: this.#name, type })
    if (response.status !== 404) expect(response.status).toBe(201)
    await response.arrayBuffer()
    return response.status === 201 ? digest : undefined
  }

  async #pushBlob(bytes: Buffer<ArrayBuffer>): Promise<Digest> {
    const node = any(this.#nodes)
    const digest = digestOf(bytes)
    const there = await fetch(`${node.url}/v2/${this.#name}/blobs/${digest}`, { method: 'HEAD' })
    if (there.status === 200) return digest
    let location = await startUpload(node, this.#name)
    const isInParts = randomInt(2) === 0
    if (isInParts) location = locationOf(await patch(location, bytes))
    const response = await put(location, digest, isInParts ? undefined : bytes)
    expect(response.status).toBe(201)
    return digest
  }

  async #deleteTag(tag: string): Promise<void> {
    const url = `${any(this.#nodes).url}/v2/${this.#name}/manifests/${tag}`
    const { status } = await fetch(url, { method: 'DELETE' })
    expect([202, 404]).toContain(status)
    this.tags.delete(tag)
  }
}

it('leaves every tag whole that was acknowledged while garbage was collected again and again', async () => {
  const storage = new Slow(inmemory())
  const aging = new FastAging(storage)
  // A cache tells a client for a minute that a blob is there which has gone: months, as time goes here.
  await using one = await startRegistry({ storage: aging, deletes: true, maxCached: 0 })
  await using other = await startRegistry({ storage: aging, deletes: true, maxCached: 0 })
  const clients = ['team/one', 'team/one', 'team/two', 'three'].map((name, id) => {
    return { name, client: new Client([one, other], name, id) }
  })
  const end = new AbortController()
  await Promise.all([
    collectAgainAndAgain(storage).finally(() => end.abort()),
    ...clients.map(({ client }) => client.work(end.signal)),
  ])
  // Nobody pushes any more, so the last collection can take all there is.
  await collect(storage, { deleteUntagged: true, graceMs: -1000 })
  for (const { name, client } of clients) {
    for (const [tag, digest] of client.tags) expect([tag, await missingOf(storage, name, digest)]).toEqual([tag, []])
  }
  expect(clients.every(({ client }) => client.pushes > 0)).toBe(true)
})

/** For twelve seconds, and on a busy machine until links and blobs were among what went. */
async function collectAgainAndAgain(storage: StorageDriver): Promise<void> {
  const least = Date.now() + 12_000
  let [deleted, unlinked] = [0, 0]
  while (Date.now() < least || deleted === 0 || unlinked === 0) {
    const { summary, events } = await collect(storage, { deleteUntagged: true, settleMs: 1000, graceMs })
    expect(troubleIn(events)).toEqual([expect.stringContaining('a grace period of less than 24 hours')])
    deleted += summary.deletedBlobs
    unlinked += summary.unlinked.layer
    // A collection in memory that finds nothing lets nobody else have a turn.
    await setTimeout(10)
  }
}

function any<Item>(items: readonly Item[]): Item {
  return items[randomInt(items.length)]!
}
