import { undefinedIfNotFound } from '@longshore/middleware-core'
import { mapConcurrent } from '../storage/concurrency.ts'
import { manifests } from '../storage/layout.ts'
import type { Collection } from './collection.ts'
import type { Journal } from './journal.ts'
import { planRepository } from './plan.ts'
import { type Removal, findNeeded } from './removal.ts'
import { type Link, type RepositoryLinks, repositoryLinks } from './repository-links.ts'

/** Links removed with one entry of the journal. */
const JOURNAL_BATCH_SIZE = 1000

/**
 * First half of a collection: removes the links to what is garbage, so that no client comes to rely on it any more, and puts
 * back those that one turns out to rely on.
 */
export class Unlinking {
  readonly #collection: Collection
  readonly #journal: Journal
  /** Links taken away, by their repository. */
  readonly #removed = new Map<string, Removal[]>()
  /** Young manifests whose references were known when it was decided what is garbage. */
  readonly #known = new Set<string>()

  constructor(collection: Collection, journal: Journal) {
    this.#collection = collection
    this.#journal = journal
  }

  /** True once a link was removed, by this collection or by one that was killed. */
  get hasRemoved(): boolean {
    return this.#removed.size > 0
  }

  /** True once a manifest's link was removed: a tag may have come to lead to it in that very moment. */
  get hasRemovedManifests(): boolean {
    return [...this.#removed.values()].some(removals => removals.some(({ kind }) => kind === 'revision'))
  }

  /** Makes good what collections that were killed have left: what the manifests of today need comes back at once. */
  async recover(): Promise<void> {
    const { storage, dryRun } = this.#collection
    for (const [repository, removals] of await this.#journal.recover()) {
      if (dryRun) {
        for (const removal of removals) this.#keep(removal)
        continue
      }
      this.#removed.set(repository, removals)
      for await (const { links } of repositoryLinks(storage, { below: `${manifests(repository)}/revisions` })) {
        await this.#restore(repository, links)
      }
    }
  }

  /** Marks what a repository needs and unlinks the rest. Decides by the repository's own manifests alone. */
  async unlink(repository: RepositoryLinks): Promise<void> {
    const { storage, summary, dryRun } = this.#collection
    const plan = await planRepository(storage, repository, this.#collection)
    summary.repositories += 1
    summary.manifests += plan.manifests
    for (const { kind, digest, target } of repository.links) {
      const size = plan.sizes.get(digest)
      if (size !== undefined) this.#collection.sizes.set(target, size)
      if (kind === 'revision') this.#collection.manifests.add(target)
    }
    for (const text of plan.warnings) this.#collection.tell({ type: 'warning', text })
    for (const text of plan.failures) this.#collection.tell({ type: 'failure', text })
    await this.#arrivals(repository)
    const removals = dryRun ? plan.removals : await this.#stillGarbage(repository.name, plan.removals)
    const gone = new Set(removals.map(({ path }) => path))
    for (const link of repository.links) if (!gone.has(link.path)) this.#keep(link)
    for (let start = 0; start < removals.length && !this.#collection.isStopped; start += JOURNAL_BATCH_SIZE) {
      await this.#removeAll(repository.name, removals.slice(start, start + JOURNAL_BATCH_SIZE))
    }
  }

  /**
   * Keeps what another collection has unlinked since this one began: it may never have been seen here, and yet a push may
   * rely on it. Call it before links are listed to `check`: what is put back by then is in that listing.
   */
  async keepRemovalsOfOthers(): Promise<void> {
    for await (const removal of this.#journal.removedMeanwhile()) this.#keep(removal)
  }

  /** Puts back what was pushed since needs, and adds what links lead to now. */
  async check(repository: RepositoryLinks): Promise<void> {
    for (const link of repository.links) this.#keep(link)
    await this.#arrivals(repository)
  }

  /** Without what a manifest needs that was pushed while the others were read. */
  async #stillGarbage(repository: string, removals: readonly Removal[]): Promise<readonly Removal[]> {
    if (removals.length === 0) return removals
    const { storage } = this.#collection
    for await (const now of repositoryLinks(storage, { below: `${manifests(repository)}/revisions` })) {
      const needed = await findNeeded(storage, await this.#arrivals(now), removals)
      return removals.filter(removal => !needed.has(removal))
    }
    return removals
  }

  /** Keeps the blob or manifest that a link leads to. Histories and referrers keep nothing. */
  #keep({ kind, target }: Pick<Link, 'kind' | 'target'>): void {
    if (kind === 'layer' || kind === 'revision') this.#collection.linked.add(target)
  }

  /**
   * Finds young manifests that were not known yet, and puts back what they need; and the manifest of a tag that was written
   * in the very moment in which the manifest's link was removed.
   */
  async #arrivals({ name, links, tagged }: RepositoryLinks): Promise<Link[]> {
    const arrivals = links.filter(({ kind, digest, modifiedAt }) => {
      return kind === 'revision' && modifiedAt >= this.#collection.cutoff && !this.#known.has(`${name}@${digest}`)
    })
    const tagTargets = this.#removed.get(name)?.filter(({ kind, digest }) => kind === 'revision' && tagged.has(digest))
    await this.#restore(name, [...arrivals, ...(tagTargets ?? [])])
    for (const { digest } of arrivals) this.#known.add(`${name}@${digest}`)
    return arrivals
  }

  async #removeAll(repository: string, removals: readonly Removal[]): Promise<void> {
    if (!this.#collection.dryRun) {
      await this.#journal.note(removals)
      const before = this.#removed.get(repository)
      if (before) before.push(...removals)
      else this.#removed.set(repository, [...removals])
    }
    await mapConcurrent(removals, async removal => {
      const { kind, path, digest } = removal
      try {
        if (await this.#remove(path)) this.#collection.tell({ type: 'unlinked', kind, repository, digest })
        else {
          this.#keep(removal)
          this.#collection.tell({ type: 'spared', path, reason: 'rewritten' })
        }
      } catch (error) {
        this.#keep(removal)
        this.#collection.fail(path, error)
      }
    })
  }

  /** False when the link was written again since it was listed. */
  async #remove(path: string): Promise<boolean> {
    const { storage, cutoff, dryRun } = this.#collection
    const now = await undefinedIfNotFound(storage.stat(path, { fileOnly: true }))
    if (now && now.modifiedAt >= cutoff) return false
    if (now && !dryRun) await undefinedIfNotFound(storage.delete(path, { fileOnly: true }))
    return true
  }

  /** Links that are there all the same are written anew: nobody can tell that they are not about to go. */
  async #restore(repository: string, manifests: readonly Pick<Link, 'digest' | 'target'>[]): Promise<void> {
    const removals = this.#removed.get(repository)
    if (!removals || manifests.length === 0) return
    const { storage } = this.#collection
    const needed = await findNeeded(storage, manifests, removals)
    await mapConcurrent([...needed], async removal => {
      const { path, target } = removal
      await storage.putContent(path, target)
      this.#keep(removal)
      this.#collection.tell({ type: 'restored', path })
    })
    this.#removed.set(
      repository,
      removals.filter(removal => !needed.has(removal)),
    )
  }
}
