import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { type StorageDriver, filesystem } from '@longshore/middleware-core'
import { tags } from '../../src/storage/layout.ts'
import { digestOf, indexType, putManifest } from './client.ts'
import { bucketOf } from './cloud.ts'
import { temporaryFolder } from './folder.ts'
import { startRegistry } from './registry.ts'

/** An index that no other has, and that needs nothing. */
export function newIndex(name: string): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [], annotations: { name } })
}

export function push(registry: { url: string }, tag: string, index: string): Promise<Response> {
  return putManifest(registry, tag, index, { type: indexType })
}

/** The digest that a tag leads to. */
export async function current({ url }: { url: string }, tag: string): Promise<string | null> {
  return (await fetch(`${url}/v2/library/hello/manifests/${tag}`)).headers.get('docker-content-digest')
}

/** Storages for the tests of a file: each call opens another driver on the same one. */
export function raceStores(): Readonly<Record<string, () => StorageDriver>> {
  const folder = temporaryFolder()
  let cloud: LocalCloud
  beforeAll(async () => {
    cloud = await startLocalCloud()
  })
  afterAll(() => cloud.close())
  return {
    'the file system': () => filesystem({ rootDirectory: folder.path }),
    'a bucket': () => bucketOf(cloud),
  }
}

/** Pushes as many manifests to one immutable tag at once, through two registries, and expects that one wins. */
export async function expectOneWinner(open: () => StorageDriver, pushes: number): Promise<void> {
  const storages = [open(), open()]
  const nodes = await Promise.all(storages.map(storage => startRegistry({ storage, immutableTags: ['v*'] })))
  const answers = await Promise.all(
    Array.from({ length: pushes }, async (_, number) => {
      const index = newIndex(String(number))
      return { index, status: (await push(nodes[number % 2]!, 'v1', index)).status }
    }),
  )
  const winners = answers.filter(({ status }) => status === 201)
  const refused = answers.filter(({ status }) => status === 409)
  expect([winners.length, refused.length]).toEqual([1, pushes - 1])
  for (const node of nodes) expect(await current(node, 'v1')).toBe(digestOf(winners[0]!.index))
  expect(await storages[0]!.list(`${tags('library/hello')}/v1/index/sha256`)).toHaveLength(1)
  for (const node of nodes) await node[Symbol.asyncDispose]()
  for (const storage of storages) await storage[Symbol.asyncDispose]()
}
