import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type DeleteOptions, type FileInfo, ForwardingDriver, type WalkOptions } from '@longshore/middleware-core'
import type { CollectionStep } from '../../src/gc/collection.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { blobData, garbageJournals, layerLink, repositories } from '../../src/storage/layout.ts'
import { filesOf } from '../support/registry.ts'
import { collect, deletedIn, has, missingOf } from './collect.ts'
import { Filler } from './filler.ts'
import { type TestStorage, storages } from './storages.ts'

/** The storage as one collection has it, which can be held up. */
class Held extends ForwardingDriver {
  /** Before all repositories are listed for the first time, the second, ... */
  beforeListing: (() => Promise<unknown>)[] = []
  beforeDelete = async (): Promise<void> => {}

  override async *walk(path: string, options?: WalkOptions): AsyncIterable<FileInfo> {
    if (path === repositories) await this.beforeListing.shift()?.()
    yield* super.walk(path, options)
  }

  override async delete(path: string, options?: DeleteOptions): Promise<void> {
    const before = this.beforeDelete
    this.beforeDelete = async () => {}
    await before()
    return super.delete(path, options)
  }
}

describe('two collections of garbage at once', () => {
  let test: TestStorage
  let fill: Filler

  beforeEach(async () => {
    test = await storages['inmemory']!()
    fill = new Filler(test.storage)
  })

  afterEach(async () => {
    await test[Symbol.asyncDispose]()
  })

  async function journal(): Promise<string[]> {
    return [...(await filesOf(test.storage)).keys()].filter(path => path.startsWith(garbageJournals))
  }

  it('keep what a push relies on that saw the links before the first took them and the second looked', async () => {
    const layer = await fill.blob('one')
    const garbage = await fill.data()
    await test.storage.age()
    const [unlinked, ended] = [gate(), gate()]
    let image!: Digest
    const first = new Held(test.storage)
    const second = new Held(test.storage)
    // Both have begun, and the second comes to the repository when the first has taken its links.
    second.beforeListing = [() => unlinked.opened]
    first.beforeListing = [
      async () => {},
      async () => {
        image = await fill.image('one', 'v1', [layer])
        unlinked.open()
        await ended.opened
      },
    ]
    const [, { events }] = await Promise.all([collect(first), collect(second).finally(() => ended.open())])
    expect(await missingOf(test.storage, 'one', image)).toEqual([])
    expect(deletedIn(events)).toEqual([garbage])
    expect(await journal()).toEqual([])
  })

  it('do not forget what the other is about to take: when that is killed, the next one puts it back', async () => {
    const layer = await fill.blob('one')
    await test.storage.age()
    let image!: Digest
    const first = new Held(test.storage)
    first.beforeDelete = async () => {
      // For this one the layer is no garbage.
      await collect(test.storage, { graceMs: 10 * 24 * 60 * 60 * 1000 })
      image = await fill.image('one', 'v1', [layer])
    }
    await expect(collect(first, { onEvent: event => throwAt('check', event) })).rejects.toThrow('killed')
    expect(await missingOf(test.storage, 'one', image)).toEqual([layerLink('one', layer)])
    await collect(test.storage)
    expect(await missingOf(test.storage, 'one', image)).toEqual([])
    await test.storage.age()
    await collect(test.storage)
    expect(await missingOf(test.storage, 'one', image)).toEqual([])
    expect(await journal()).toEqual([])
  })

  it('leave each other alone in what both delete', async () => {
    const garbage = [await fill.blob('one'), await fill.data()]
    const image = await fill.image('one', 'v1')
    await test.storage.age()
    const runs = await Promise.all([collect(test.storage), collect(test.storage)])
    for (const { summary } of runs) expect(summary).toMatchObject({ failures: 0, warnings: 0 })
    expect(await missingOf(test.storage, 'one', image)).toEqual([])
    await collect(test.storage)
    for (const digest of garbage) expect(await has(test.storage, blobData(digest))).toBe(false)
  })
})

/** Something that can be waited for, and the call by which it happens. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => (open = resolve))
  return { open, opened }
}

function throwAt(step: CollectionStep, event: { type: string; step?: CollectionStep }): void {
  if (event.type === 'step' && event.step === step) throw new Error('killed')
}
