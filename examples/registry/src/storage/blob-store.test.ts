import { expect, it } from '@jest/globals'
import { type FileInfo, ForwardingDriver, type StatOptions, inmemory } from '@longshore/middleware-core'
import { digestOf } from '../oci/digest.ts'
import { BlobStore } from './blob-store.ts'
import { MemoryCaches } from './cache/memory-caches.ts'

class Counted extends ForwardingDriver {
  asked = 0

  override stat(path: string, options?: StatOptions): Promise<FileInfo> {
    this.asked += 1
    return super.stat(path, options)
  }
}

it.each([
  ['for ten minutes, where the client is sent there', true, 10],
  ['for one, where the blob is sent through the registry', false, 1],
])('believes where a blob is %s', async (_, isElsewhere, minutes) => {
  const storage = new Counted(inmemory())
  const clock = { time: 1, now: () => clock.time }
  const bytes = Buffer.from('a blob')
  const digest = digestOf(bytes)
  async function* body(): AsyncGenerator<Buffer> {
    yield bytes
  }
  await new BlobStore(storage, new MemoryCaches({ maxEntries: 100 })).receive('library/hello', digest, body())
  const blobs = new BlobStore(storage, new MemoryCaches({ maxEntries: 100, clock }))
  const find = async (): Promise<number> => {
    storage.asked = 0
    expect(await blobs.findToFetch('library/hello', digest, isElsewhere)).toMatchObject({ digest, size: bytes.length })
    return storage.asked
  }
  expect(await find()).toBe(1)
  clock.time += minutes * 60_000 - 1
  expect(await find()).toBe(0)
  clock.time += 2
  expect(await find()).toBe(1)
})
