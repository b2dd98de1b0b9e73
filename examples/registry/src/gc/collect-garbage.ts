import { setTimeout } from 'node:timers/promises'
import type { StorageDriver } from '@longshore/middleware-core'
import { Collection, type CollectionOptions, type CollectionSummary, DEFAULT_GRACE_MS } from './collection.ts'
import { Journal } from './journal.ts'
import { repositoryLinks } from './repository-links.ts'
import { type UnlinkedBlob, confirm, findUnlinked, sweep } from './sweeping.ts'
import { Unlinking } from './unlinking.ts'

/**
 * Removes what no manifest needs, while pushes run on any node. What makes that safe:
 *
 * 1. Only what is older than the grace period goes, so a push under way keeps what it has stored.
 * 2. Links go first. From then on a client that asks for the blob is told that it is not there and sends it again.
 * 3. A request that saw the link before ends within the settling time, or looks again. Then the manifests pushed meanwhile
 *    are read, and the links that they need are put back. A journal in the storage makes that good after a crash, too.
 * 4. Only then the bytes go that no link has led to since the beginning. Each blob is looked at right before: an upload
 *    that finds old bytes writes them anew, and then they are others.
 * 5. Of two collections at once, each keeps the bytes that a link led to which the other has in its journal.
 *
 * Failures of single deletions are told and counted. Rejects when the storage cannot be listed or a link cannot be put back;
 * the next collection begins with making that good.
 */
export async function collectGarbage(
  storage: StorageDriver,
  options: CollectionOptions = {},
): Promise<CollectionSummary> {
  const collection = new Collection(storage, options)
  const journal = new Journal(storage)
  const unlinking = new Unlinking(collection, journal)
  const { graceMs = DEFAULT_GRACE_MS } = options
  if (graceMs < DEFAULT_GRACE_MS) {
    const text =
      'a grace period of less than 24 hours is safe only while nobody pushes: uploads use bytes of half that age'
    collection.tell({ type: 'warning', text })
  }

  collection.step('recover')
  await unlinking.recover()
  const unlinked = await findGarbage(collection, unlinking)
  if (unlinking.hasRemoved || (unlinked.length > 0 && !collection.dryRun && !collection.isStopped)) {
    await settle(collection, unlinking)
    await journal.clear()
  }
  const garbage = unlinked.filter(blob => !collection.linked.has(blob.digest) || collection.keep(blob))
  if (garbage.length > 0 && !collection.isStopped) {
    collection.step('sweep', garbage.length)
    const gone = await sweep(collection, garbage)
    if (!collection.dryRun && gone.size > 0) {
      collection.step('confirm')
      await confirm(collection, gone)
    }
  }
  return collection.summary
}

/** Finds garbage. Its failures must not keep links that are gone already from being put back. */
async function findGarbage(collection: Collection, unlinking: Unlinking): Promise<UnlinkedBlob[]> {
  const { storage, deleteUntagged, verify } = collection
  const tagsSince = deleteUntagged || verify ? new Date(0) : undefined
  try {
    collection.step('mark')
    for await (const repository of repositoryLinks(storage, { tagsSince, readAll: verify })) {
      if (collection.isStopped) return []
      await unlinking.unlink(repository)
      collection.tell({ type: 'tick' })
    }
    collection.step('find')
    return await findUnlinked(collection)
  } catch (error) {
    if (!unlinking.hasRemoved) throw error
    collection.fail('nothing is deleted', error)
    return []
  }
}

async function settle(collection: Collection, unlinking: Unlinking): Promise<void> {
  collection.step('settle')
  await setTimeout(collection.settleMs)
  collection.step('check')
  await unlinking.keepRemovalsOfOthers()
  const { storage, cutoff } = collection
  for await (const repository of repositoryLinks(storage, {
    tagsSince: unlinking.hasRemovedManifests ? cutoff : undefined,
  })) {
    await unlinking.check(repository)
    collection.tell({ type: 'tick' })
  }
}
