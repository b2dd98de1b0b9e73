import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type DeleteOptions, ForwardingDriver, type PutOptions } from '@longshore/middleware-core'
import type { CollectionStep } from '../../src/gc/collection.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { blobData, blobs, garbageJournals, layerLink, revisionLink } from '../../src/storage/layout.ts'
import { content } from '../support/client.ts'
import { filesOf } from '../support/registry.ts'
import { collect, deletedIn, has, missingOf, troubleIn } from './collect.ts'
import { Filler } from './filler.ts'
import { type TestStorage, storages } from './storages.ts'

/** A storage in which something happens right before a call, as others would do it at that moment. */
class Interrupted extends ForwardingDriver {
  /** Before a link or a blob is deleted, and after. */
  beforeDelete = async (_path: string): Promise<void> => {}
  afterDelete = async (_path: string): Promise<void> => {}
  beforeNote = async (): Promise<void> => {}

  override async putContent(path: string, bytes: Uint8Array | string, options?: PutOptions) {
    if (path.startsWith(garbageJournals)) await this.beforeNote()
    return super.putContent(path, bytes, options)
  }

  override async delete(path: string, options?: DeleteOptions): Promise<void> {
    await this.beforeDelete(path)
    await super.delete(path, options)
    await this.afterDelete(path)
  }
}

describe('a push while garbage is collected', () => {
  let test: TestStorage
  let fill: Filler
  let storage: Interrupted

  beforeEach(async () => {
    test = await storages['inmemory']!()
    fill = new Filler(test.storage)
    storage = new Interrupted(test.storage)
  })

  afterEach(async () => {
    await test[Symbol.asyncDispose]()
  })

  /** Runs something once, whoever calls. */
  function once<Arguments extends unknown[]>(
    task: () => Promise<unknown>,
    when: (...args: Arguments) => boolean = () => true,
  ): (...args: Arguments) => Promise<void> {
    let done = false
    return async (...args) => {
      if (done || !when(...args)) return
      done = true
      await task()
    }
  }

  function whole(digest: Digest): Promise<string[]> {
    return missingOf(test.storage, 'one', digest)
  }

  it('finds its layers linked again when its manifest came after the last look and before they were unlinked', async () => {
    const layer = await fill.blob('one')
    await test.storage.age()
    let image!: Digest
    storage.beforeNote = once(async () => (image = await fill.image('one', 'v1', [layer])))
    const { summary, events } = await collect(storage)
    expect(await whole(image)).toEqual([])
    expect(summary).toMatchObject({ restored: 1, deletedBlobs: 0 })
    expect(events).toContainEqual({ type: 'restored', path: layerLink('one', layer) })
  })

  it('finds its layers linked again when its manifest came after they were unlinked', async () => {
    const layer = await fill.blob('one')
    await test.storage.age()
    let image!: Digest
    storage.afterDelete = once(async () => (image = await fill.image('one', 'v1', [layer])))
    const { summary } = await collect(storage)
    expect(await whole(image)).toEqual([])
    expect(summary).toMatchObject({ restored: 1, deletedBlobs: 0, blobs: 3 })
  })

  it('never sees its layers unlinked when its manifest came while the others were read', async () => {
    const layer = await fill.blob('one')
    const old = await fill.image('one', 'old')
    await test.storage.age()
    let image: Digest | undefined
    const read = storage.reader.bind(storage)
    storage.reader = async (path, options) => {
      if (path === blobData(old)) image ??= await fill.image('one', 'v1', [layer])
      return read(path, options)
    }
    const { summary } = await collect(storage)
    expect(await whole(image!)).toEqual([])
    expect(summary).toMatchObject({ restored: 0, unlinked: { layer: 0 } })
  })

  it('finds the manifests of its index again, with their layers, referrers and all', async () => {
    const untagged = await fill.image('one')
    const inner = await fill.index('one', [untagged])
    const signature = await fill.image('one', undefined, [], untagged)
    await test.storage.age()
    let index!: Digest
    storage.afterDelete = once(async () => (index = await fill.index('one', [inner], 'v1')))
    await collect(storage, { deleteUntagged: true })
    for (const digest of [index, inner, untagged, signature]) expect(await whole(digest)).toEqual([])
  })

  it('keeps an untagged manifest that is pushed again under a tag', async () => {
    const untagged = await fill.image('one')
    const bytes = Buffer.from(await test.storage.getContent(blobData(untagged))).toString()
    await test.storage.age()
    storage.afterDelete = once(() => fill.manifest('one', bytes, 'v1'))
    await collect(storage, { deleteUntagged: true })
    expect(await whole(untagged)).toEqual([])
  })

  it('keeps an untagged manifest that is pushed again under a tag in the very moment in which it goes', async () => {
    const untagged = await fill.image('one')
    const bytes = Buffer.from(await test.storage.getContent(blobData(untagged))).toString()
    await test.storage.age()
    storage.beforeDelete = once(
      () => fill.manifest('one', bytes, 'v1'),
      path => path === revisionLink('one', untagged),
    )
    await collect(storage, { deleteUntagged: true })
    expect(await whole(untagged)).toEqual([])
  })

  it('keeps a link that is written again before it would go', async () => {
    const layer = await fill.blob('one')
    await test.storage.age()
    storage.beforeNote = once(() => fill.link('one', layer))
    const { summary } = await collect(storage)
    expect(summary).toMatchObject({ unlinked: { layer: 0 }, deletedBlobs: 0 })
    expect(await has(storage, layerLink('one', layer))).toBe(true)
  })

  it('keeps a blob that is mounted elsewhere from a link that then goes', async () => {
    const layer = await fill.blob('one')
    await test.storage.age()
    storage.afterDelete = once(() => fill.link('two', layer))
    const { events } = await collect(storage)
    expect(deletedIn(events)).toEqual([])
    expect(await has(storage, blobData(layer))).toBe(true)
  })

  it('keeps a blob whose link was deleted by a client after the first look: who saw it may be about to mount it', async () => {
    const layer = await fill.blob('one')
    const other = await fill.blob('one')
    await fill.image('one', 'v1', [layer])
    await test.storage.age()
    storage.afterDelete = once(() => test.storage.delete(layerLink('one', layer)))
    expect(deletedIn((await collect(storage)).events)).toEqual([other])
    expect(deletedIn((await collect(storage)).events)).toEqual([layer])
  })

  it('keeps bytes that an upload has written anew before they would go', async () => {
    const bytes = content()
    const layer = await fill.data(bytes)
    const [first] = [await fill.data(content())]
    await test.storage.age()
    const look = storage.stat.bind(storage)
    storage.stat = async (path, options) => {
      if (path === blobData(layer)) await fill.data(bytes)
      return look(path, options)
    }
    expect(deletedIn((await collect(storage)).events)).toEqual([first])
    expect(await has(storage, blobData(layer))).toBe(true)
  })

  it('is told of when it came to rely on a blob in the very moment of its deletion', async () => {
    const layer = await fill.data()
    await test.storage.age()
    storage.beforeDelete = once(
      () => fill.link('one', layer),
      path => path === blobData(layer),
    )
    const { summary, events } = await collect(storage)
    expect(summary.failures).toBe(1)
    expect(troubleIn(events)[0]).toContain(layerLink('one', layer))
  })

  describe('and the collection does not come to its end', () => {
    it('finds its layers again after the next one, which then goes on', async () => {
      const layer = await fill.blob('one')
      const garbage = await fill.blob('one')
      await test.storage.age()
      let image!: Digest
      storage.afterDelete = once(async () => (image = await fill.image('one', 'v1', [layer])))
      const killed = collect(storage, { onEvent: event => throwAt('check', event) })
      await expect(killed).rejects.toThrow('killed')
      expect(await whole(image)).toEqual([layerLink('one', layer)])
      const { summary, events } = await collect(test.storage)
      expect(await whole(image)).toEqual([])
      expect(summary.restored).toBe(1)
      expect(deletedIn(events)).toEqual([garbage])
      // As long as the journal is young its collection may still be at work.
      expect(await journalOf(test)).toHaveLength(1)
      await test.storage.age()
      await collect(test.storage)
      expect(await journalOf(test)).toEqual([])
      expect(await whole(image)).toEqual([])
    })

    it('finds its layers again when it ends only while the next one is at work', async () => {
      const layer = await fill.blob('one')
      await test.storage.age()
      await expect(collect(storage, { onEvent: event => throwAt('check', event) })).rejects.toThrow('killed')
      let image!: Digest
      const list = storage.walk.bind(storage)
      storage.walk = async function* (path, options) {
        // The next collection has taken over already, and found no manifest that needs what is gone.
        if (path === blobs) image = await fill.image('one', 'v1', [layer])
        yield* list(path, options)
      }
      await collect(storage)
      expect(await whole(image)).toEqual([])
    })

    it('is not in the way of a dry run, which touches nothing then either', async () => {
      const layer = await fill.blob('one')
      await test.storage.age()
      await expect(collect(storage, { onEvent: event => throwAt('check', event) })).rejects.toThrow('killed')
      const before = await filesOf(test.storage)
      expect(deletedIn((await collect(storage, { dryRun: true })).events)).toEqual([])
      expect(await filesOf(test.storage)).toEqual(before)
      expect(deletedIn((await collect(storage)).events)).toEqual([layer])
    })

    it('is made whole by a collection that is asked to stop, and the next one goes on', async () => {
      const layer = await fill.blob('one')
      const garbage = await fill.blob('two')
      await test.storage.age()
      const stop = new AbortController()
      let image!: Digest
      storage.afterDelete = once(async () => {
        image = await fill.image('one', 'v1', [layer])
        stop.abort()
      })
      const { summary } = await collect(storage, { signal: stop.signal })
      expect(summary).toMatchObject({ isInterrupted: true, deletedBlobs: 0, restored: 1 })
      expect(await whole(image)).toEqual([])
      expect(await journalOf(test)).toEqual([])
      expect(deletedIn((await collect(storage)).events)).toEqual([garbage])
    })

    it('loses nothing when the storage fails while repositories are listed', async () => {
      const layer = await fill.blob('one')
      for (let count = 0; count < 2; count++) await fill.blob('two')
      await test.storage.age()
      let image!: Digest
      storage.afterDelete = once(async () => (image = await fill.image('one', 'v1', [layer])))
      const list = storage.walk.bind(storage)
      storage.walk = async function* (path, options) {
        for await (const info of list(path, options)) {
          if (image && info.path.includes('/two/')) {
            storage.walk = list
            throw new Error('S3 is gone')
          }
          yield info
        }
      }
      const { summary, events } = await collect(storage)
      expect(troubleIn(events)).toEqual(['nothing is deleted: S3 is gone'])
      expect(summary).toMatchObject({ deletedBlobs: 0, restored: 1 })
      expect(await whole(image)).toEqual([])
    })
  })

  it('keeps untouched the manifest whose revision it rewrote', async () => {
    const untagged = await fill.image('one')
    await test.storage.age()
    storage.beforeNote = once(() => test.storage.putContent(revisionLink('one', untagged), untagged))
    await collect(storage, { deleteUntagged: true })
    expect(await whole(untagged)).toEqual([])
  })
})

function throwAt(step: CollectionStep, event: { type: string; step?: CollectionStep }): void {
  if (event.type === 'step' && event.step === step) throw new Error('killed')
}

async function journalOf({ storage }: TestStorage): Promise<string[]> {
  return [...(await filesOf(storage)).keys()].filter(path => path.startsWith(garbageJournals))
}
