import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type PurgeOptions, type PurgeSummary, purgeUploads } from '../../src/gc/purge-uploads.ts'
import { blobData, startedAtContent, uploadData, uploadDirectory, uploadStartedAt } from '../../src/storage/layout.ts'
import { content, digestOf } from '../support/client.ts'
import { filesOf } from '../support/registry.ts'
import { has } from './collect.ts'
import { Filler } from './filler.ts'
import { type TestStorage, storages } from './storages.ts'

const ONE_HOUR_MS = 3_600_000
const name = 'library/hello'

describe.each(Object.keys(storages))('purging uploads on %s', kind => {
  let test: TestStorage
  let storage: TestStorage['storage']

  beforeEach(async () => {
    test = await storages[kind]!()
    storage = test.storage
  })

  afterEach(async () => {
    await test[Symbol.asyncDispose]()
  })

  /** An upload that was started so many hours ago. */
  async function started(hoursAgo: number, id: string = randomUUID()): Promise<string> {
    const startedAt = new Date(Date.now() - hoursAgo * ONE_HOUR_MS)
    await storage.putContent(uploadStartedAt(name, id), startedAtContent(startedAt))
    return id
  }

  /** Leaves bytes as a client does that went away. */
  async function leaveBytes(id: string): Promise<void> {
    const writer = await storage.writer(uploadData(name, id))
    writer.write(content())
    await writer.close()
  }

  async function isThere(id: string): Promise<boolean> {
    return (await storage.stat(uploadDirectory(name, id)).catch(() => undefined)) !== undefined
  }

  /** Purges what is older than a day. */
  async function purge(
    options: Partial<PurgeOptions> = {},
  ): Promise<{ summary: PurgeSummary; purged: string[]; failures: string[] }> {
    const purged: string[] = []
    const failures: string[] = []
    const summary = await purgeUploads(storage, {
      ageMs: 24 * ONE_HOUR_MS,
      onPurged: ({ id }) => purged.push(id),
      onFailure: text => failures.push(text),
      ...options,
    })
    return { summary, purged: purged.toSorted(), failures }
  }

  it('removes old uploads and all they hold, and nothing else', async () => {
    const image = await new Filler(storage).image(name, 'v1')
    const fresh = await started(47)
    const committed = await started(47)
    await storage.putContent(uploadData(name, committed), content())
    await storage.putContent(`${uploadDirectory(name, committed)}/hashstates/sha256/1000`, content(108))
    const young = await started(23)
    const before = await filesOf(storage)
    await storage.age()
    const { summary, purged, failures } = await purge()
    expect(purged).toEqual([fresh, committed].toSorted())
    expect(summary).toMatchObject({ purged: 2, kept: 1 })
    expect(failures).toEqual([])
    const gone = [...before.keys()].filter(path => [fresh, committed].some(id => path.includes(id)))
    for (const path of gone) before.delete(path)
    expect(await filesOf(storage)).toEqual(before)
    expect(await has(storage, blobData(image))).toBe(true)
    expect(await isThere(young)).toBe(true)
  })

  it('keeps an old upload whose bytes came lately, and lets it go on', async () => {
    const id = await started(47)
    await storage.age()
    await leaveBytes(id)
    expect((await purge()).purged).toEqual([])
    const writer = await storage.writer(uploadData(name, id), { append: true })
    expect(writer.size).toBe(1000)
    await writer.cancel()
    expect(await isThere(id)).toBe(true)
  })

  it('keeps an old upload to which Distribution has added lately', async () => {
    const id = await started(47)
    await storage.age()
    await storage.putContent(`${uploadDirectory(name, id)}/hashstates/sha256/1000`, content(108))
    expect((await purge()).purged).toEqual([])
  })

  it('ends an upload after twice the age, even when bytes came lately', async () => {
    const id = await started(49)
    await storage.age()
    await leaveBytes(id)
    expect((await purge()).purged).toEqual([id])
    expect(await isThere(id)).toBe(false)
    await expect(storage.writer(uploadData(name, id), { append: true })).rejects.toThrow('not found')
  })

  it('discards the bytes of an upload that nobody has touched for as long', async () => {
    const id = await started(1)
    await leaveBytes(id)
    const digest = digestOf(content())
    const direct = await storage.writer(blobData(digest))
    direct.write(content())
    await direct.close()
    // By a clock that goes ahead, everything is old.
    const { summary } = await purge({ ageMs: -ONE_HOUR_MS })
    expect(summary.discarded).toBe(2)
    expect(await isThere(id)).toBe(false)
    for (const path of [uploadData(name, id), blobData(digest)]) {
      await expect(storage.writer(path, { append: true })).rejects.toThrow('not found')
    }
  })

  it('leaves what does not tell when it was started, as Distribution does, and says so where that is wrong', async () => {
    const malformed = await started(0)
    await storage.putContent(uploadStartedAt(name, malformed), 'yesterday')
    const missing = randomUUID()
    await storage.putContent(uploadData(name, missing), content())
    await storage.putContent(`${uploadDirectory(name, missing)}/hashstates/sha256/1000`, content(108))
    await started(47, 'not-a-uuid')
    await storage.age()
    const { summary, failures } = await purge()
    expect(summary.purged).toBe(0)
    expect(failures).toEqual([expect.stringContaining(uploadStartedAt(name, malformed))])
    for (const id of [malformed, missing, 'not-a-uuid']) expect(await isThere(id)).toBe(true)
  })

  it('removes bytes of which nothing else is left once they are old', async () => {
    const [old, young] = [randomUUID(), randomUUID()]
    await storage.putContent(uploadData(name, old), content())
    await storage.age()
    await storage.putContent(uploadData(name, young), content())
    const { purged, failures } = await purge()
    expect(purged).toEqual([old])
    expect(failures).toEqual([])
    expect([await isThere(old), await isThere(young)]).toEqual([false, true])
  })

  it('touches nothing in a dry run, and tells what would go', async () => {
    const id = await started(47)
    await started(23)
    await storage.age()
    const before = await filesOf(storage)
    expect((await purge({ dryRun: true })).purged).toEqual([id])
    expect(await filesOf(storage)).toEqual(before)
  })

  it('goes on after an upload that cannot be removed, and tells of it', async () => {
    const [stuck, free] = [await started(47), await started(47)]
    await storage.age()
    const remove = storage.delete.bind(storage)
    storage.delete = (path, options) =>
      path.includes(stuck) ? Promise.reject(new Error('no permission')) : remove(path, options)
    const { purged, failures } = await purge()
    expect(purged).toEqual([free])
    expect(failures).toEqual([`${uploadDirectory(name, stuck)}: no permission`])
  })
})
