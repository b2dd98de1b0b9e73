import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { blobData, layerLink, revisionLink, tagCurrentLink, tagIndexLink } from '../../src/storage/layout.ts'
import { summaryLines } from '../../src/cli/collection-lines.ts'
import { content, digestOf } from '../support/client.ts'
import { filesOf } from '../support/registry.ts'
import { collect, deletedIn, has, missingOf, troubleIn } from './collect.ts'
import { Filler } from './filler.ts'
import { type TestStorage, storages } from './storages.ts'

describe.each(Object.keys(storages))('a collection of garbage on %s', kind => {
  let test: TestStorage
  let storage: TestStorage['storage']
  let fill: Filler

  beforeEach(async () => {
    test = await storages[kind]!()
    storage = test.storage
    fill = new Filler(storage)
  })

  afterEach(async () => {
    await test[Symbol.asyncDispose]()
  })

  it('finds nothing in an empty storage', async () => {
    const { summary } = await collect(storage)
    expect(summary).toMatchObject({ repositories: 0, manifests: 0, blobs: 0, deletedBlobs: 0, failures: 0 })
  })

  it('keeps what manifests need and deletes the rest, and a second one finds nothing', async () => {
    const shared = await fill.blob('one', content(1000))
    await fill.link('two', shared)
    const images = [await fill.image('one', 'v1', [shared]), await fill.image('two', 'v1', [shared])]
    const garbage = [await fill.blob('one', content(500)), await fill.data(content(300))]
    await storage.age()
    const { summary, events } = await collect(storage)
    expect(deletedIn(events)).toEqual(garbage.toSorted())
    expect(troubleIn(events)).toEqual([])
    expect(summary).toMatchObject({ repositories: 2, manifests: 2, blobs: 5, deletedBlobs: 2, freedBytes: 800 })
    expect(summary.unlinked.layer).toBe(1)
    expect(await missingOf(storage, 'one', images[0]!)).toEqual([])
    expect(await missingOf(storage, 'two', images[1]!)).toEqual([])
    const files = await filesOf(storage)
    for (const digest of garbage) expect([...files.keys()].filter(path => path.includes(digest.slice(7)))).toEqual([])
    expect([...files.keys()].filter(path => path.includes('/garbage/'))).toEqual([])
    expect((await collect(storage)).summary).toMatchObject({ blobs: 5, deletedBlobs: 0, unlinked: { layer: 0 } })
  })

  it('takes a blob from the repository whose manifests do not need it, and keeps it for another', async () => {
    const shared = await fill.blob('one')
    await fill.link('two', shared)
    const image = await fill.image('one', 'v1', [shared])
    await storage.age()
    const { events } = await collect(storage)
    expect(deletedIn(events)).toEqual([])
    expect(await has(storage, layerLink('two', shared))).toBe(false)
    expect(await missingOf(storage, 'one', image)).toEqual([])
  })

  it('leaves alone what is younger than the grace period', async () => {
    const old = await fill.data(content(100))
    await storage.age()
    const young = [await fill.blob('one'), await fill.data()]
    const { events } = await collect(storage)
    expect(deletedIn(events)).toEqual([old])
    for (const digest of young) expect(await has(storage, blobData(digest))).toBe(true)
    expect(await has(storage, layerLink('one', young[0]!))).toBe(true)
  })

  it('keeps what indexes, nested ones too, and their manifests name, under sha512 as well', async () => {
    const layer = await fill.blob('deep/er', content(), 'sha512')
    const inner = await fill.index('deep/er', [await fill.image('deep/er', undefined, [layer])])
    const outer = await fill.index('deep/er', [inner, await fill.image('deep/er')], 'v1')
    const garbage = await fill.blob('deep/er', content(), 'sha512')
    await storage.age()
    for (const deleteUntagged of [false, true]) {
      const { events } = await collect(storage, { deleteUntagged })
      expect(deletedIn(events)).toEqual(deleteUntagged ? [] : [garbage])
      expect(await missingOf(storage, 'deep/er', outer)).toEqual([])
    }
  })

  it('keeps untagged manifests, unless told otherwise', async () => {
    const tagged = await fill.image('one', 'v1')
    const untagged = await fill.image('one')
    await storage.age()
    expect((await collect(storage)).summary).toMatchObject({ manifests: 2, deletedBlobs: 0 })
    const { summary } = await collect(storage, { deleteUntagged: true })
    expect(summary).toMatchObject({ manifests: 1, deletedBlobs: 3, unlinked: { revision: 1, layer: 2 } })
    expect(await has(storage, revisionLink('one', untagged))).toBe(false)
    expect(await missingOf(storage, 'one', tagged)).toEqual([])
  })

  it('deletes what a tag pointed to before, with its history, and what a deleted tag pointed to', async () => {
    const before = await fill.image('one', 'latest')
    const now = await fill.image('one', 'latest')
    const gone = await fill.image('one', 'old')
    await storage.delete(tagCurrentLink('one', 'old').replace('/current/link', ''))
    await storage.age()
    await collect(storage, { deleteUntagged: true })
    for (const digest of [before, gone]) expect(await has(storage, blobData(digest))).toBe(false)
    expect(await has(storage, tagIndexLink('one', 'latest', before))).toBe(false)
    expect(await has(storage, tagIndexLink('one', 'latest', now))).toBe(true)
    expect(await missingOf(storage, 'one', now)).toEqual([])
  })

  it('keeps referrers with their subject, and deletes them with it', async () => {
    const subject = await fill.image('one', 'v1')
    const signature = await fill.image('one', undefined, [], subject)
    const onSignature = await fill.image('one', undefined, [], signature)
    const untagged = await fill.image('one')
    const orphan = await fill.image('one', undefined, [], untagged)
    await storage.age()
    await collect(storage, { deleteUntagged: true })
    for (const digest of [subject, signature, onSignature]) expect(await missingOf(storage, 'one', digest)).toEqual([])
    for (const digest of [untagged, orphan]) expect(await has(storage, blobData(digest))).toBe(false)
  })

  it('keeps a young untagged manifest with all it names: the index that leads to it may be on its way', async () => {
    const layer = await fill.blob('one')
    await storage.age()
    const image = await fill.image('one', undefined, [layer])
    await collect(storage, { deleteUntagged: true })
    expect(await missingOf(storage, 'one', image)).toEqual([])
  })

  it('touches nothing in a dry run, and tells exactly what the real one does', async () => {
    await fill.image('one', 'v1')
    await fill.image('one')
    await fill.blob('one', content(70))
    await fill.data(content(30))
    await storage.age()
    const before = await filesOf(storage)
    const dry = await collect(storage, { dryRun: true, deleteUntagged: true })
    expect(await filesOf(storage)).toEqual(before)
    const real = await collect(storage, { deleteUntagged: true })
    expect(dry.summary).toEqual(real.summary)
    expect(deletedIn(dry.events)).toEqual(deletedIn(real.events))
    expect(dry.summary).toMatchObject({ deletedBlobs: 5 })
  })

  it('collects nothing of a repository with a manifest that nobody understands, and goes on with the others', async () => {
    const unknown = await fill.manifest('one', '{"mediaType":"application/vnd.example+json","parts":[]}', 'v1')
    const perhapsNeeded = await fill.blob('one')
    const garbage = await fill.blob('two')
    await storage.age()
    const { summary, events } = await collect(storage, { deleteUntagged: true })
    expect(troubleIn(events)).toEqual([expect.stringContaining(unknown)])
    expect(summary.failures).toBe(1)
    expect(deletedIn(events)).toEqual([garbage])
    expect(await has(storage, layerLink('one', perhapsNeeded))).toBe(true)
  })

  it('tells of a manifest without bytes and of a link that is none, and goes on', async () => {
    const lost = await fill.image('one', 'v1')
    await storage.delete(blobData(lost))
    const broken = layerLink('two', digestOf(content()))
    await storage.putContent(broken, 'garbage')
    const garbage = await fill.blob('two')
    await storage.age()
    const { events } = await collect(storage)
    expect(troubleIn(events).toSorted()).toEqual([`not a link: ${broken}`, expect.stringContaining(lost)])
    expect(deletedIn(events)).toContain(garbage)
  })

  it('keeps the bytes that a link leads to under another algorithm’s digest', async () => {
    const bytes = content()
    const canonical = await fill.data(bytes)
    const alias = digestOf(bytes, 'sha512')
    await storage.putContent(layerLink('one', alias), canonical)
    await fill.image('one', 'v1', [alias])
    await storage.age()
    expect(deletedIn((await collect(storage)).events)).toEqual([])
    expect(await has(storage, blobData(canonical))).toBe(true)
  })

  it('leaves alone what the layout has no place for', async () => {
    const digest = digestOf(content())
    const foreign = [
      '/readme.txt',
      '/docker/registry/v2/blobs/sha256/00/not-a-digest/data',
      `/docker/registry/v2/blobs/sha256/zz/${digest.slice(7)}/data`,
      `/docker/registry/v2/blobs/sha384/aa/aabb/data`,
      '/docker/registry/v2/repositories/one/_layers/sha384/aabb/link',
      '/docker/registry/v2/repositories/one/_uploads/0190b0f0-0000-7000-8000-000000000000/startedat',
      '/docker/registry/v2/repositories/one/notes.txt',
    ]
    for (const path of foreign) await storage.putContent(path, digest)
    await storage.age()
    const before = await filesOf(storage)
    await collect(storage, { deleteUntagged: true })
    expect(await filesOf(storage)).toEqual(before)
  })

  it('keeps bytes that were written since they were listed, even if the storage does not tell that they are young', async () => {
    const bytes = content()
    const layer = await fill.data(bytes)
    await storage.age()
    const look = storage.stat.bind(storage)
    storage.stat = async (path, options) => {
      if (path !== blobData(layer)) return look(path, options)
      // S3 counts the age of an object from when its upload in parts was begun.
      await fill.data(bytes)
      return { ...(await look(path, options)), modifiedAt: new Date(Date.now() - 26 * 3_600_000) }
    }
    expect(deletedIn((await collect(storage)).events)).toEqual([])
    expect(await has(storage, blobData(layer))).toBe(true)
  })

  it('names, counts and explains what stays because HEAD and LIST differ about its time', async () => {
    const garbage = await fill.blob('one', content(50))
    const moved = await fill.data(content(60))
    await storage.age()
    const look = storage.stat.bind(storage)
    storage.stat = async (path, options) => {
      const info = await look(path, options)
      const differs = path === blobData(garbage) || path === blobData(moved)
      return differs ? { ...info, modifiedAt: new Date(info.modifiedAt.getTime() + 2000) } : info
    }
    for (const dryRun of [true, false]) {
      const { summary, events } = await collect(storage, { dryRun })
      expect(deletedIn(events)).toEqual([])
      const kept = events.flatMap(event => (event.type === 'spared' ? [[event.path, event.reason] as const] : []))
      expect(new Map(kept)).toEqual(new Map([garbage, moved].map(digest => [blobData(digest), 'times-differ'])))
      expect(summary).toMatchObject({ deletedBlobs: 0, spared: { rewritten: 0, 'times-differ': 2 } })
      expect(summaryLines(summary, dryRun).join('\n')).toContain('2 blobs kept: HEAD and LIST of this storage differ')
    }
    for (const digest of [garbage, moved]) expect(await has(storage, blobData(digest))).toBe(true)
  })

  it('names and counts links that were written again since they were listed', async () => {
    const again = await fill.blob('one')
    await storage.age()
    const look = storage.stat.bind(storage)
    storage.stat = async (path, options) => {
      if (path === layerLink('one', again)) await fill.link('one', again)
      return look(path, options)
    }
    const { summary, events } = await collect(storage)
    expect(events).toContainEqual({ type: 'spared', path: layerLink('one', again), reason: 'rewritten' })
    expect(summary).toMatchObject({ unlinked: { layer: 0 }, spared: { rewritten: 1, 'times-differ': 0 } })
    expect(await has(storage, blobData(again))).toBe(true)
  })

  it('goes on after a deletion that fails, and tells of it', async () => {
    const [stuck, free] = [await fill.data(content(10)), await fill.data(content(20))]
    await storage.age()
    const remove = storage.delete.bind(storage)
    storage.delete = (path, options) =>
      path === blobData(stuck) ? Promise.reject(new Error('no permission')) : remove(path, options)
    const { summary, events } = await collect(storage)
    expect(deletedIn(events)).toEqual([free])
    expect(summary).toMatchObject({ failures: 1, freedBytes: 20 })
    expect(troubleIn(events)).toEqual([`${blobData(stuck)}: no permission`])
  })
})
