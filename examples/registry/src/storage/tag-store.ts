import { type StorageDriver, isStorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { type TagPattern, matchesTag } from '../oci/tag-pattern.ts'
import { mapConcurrent, settleAll } from './concurrency.ts'
import { layers, manifests, tagCurrentLink, tagDirectory, tagIndexLink, tags } from './layout.ts'
import { readLink, remove, writeLink } from './links.ts'
import { removeRevision } from './verify-bytes.ts'

/** Options of a list of tags. */
export interface TagPage {
  /** Tags at most. Default: all. */
  readonly limit?: number | undefined
  /** Entry after which the list begins; it need not exist. */
  readonly last?: string | undefined
}

/** Tags: each a link to its current manifest, and one to every manifest that it ever had. */
export class TagStore {
  readonly #storage: StorageDriver
  readonly #immutable: readonly TagPattern[]

  /** @param immutable patterns of tags that are set once, and neither moved nor deleted. Default: none. */
  constructor(storage: StorageDriver, immutable: readonly TagPattern[] = []) {
    this.#storage = storage
    this.#immutable = immutable
  }

  resolve(repository: string, tag: string): Promise<Digest | undefined> {
    return readLink(this.#storage, tagCurrentLink(repository, tag))
  }

  /**
   * Sets a tag. The history comes first, so that a garbage collection never misses a tag's manifest. `DENIED` for an immutable
   * tag that has another manifest: of several clients that set one at once, on any nodes, the storage lets one win.
   */
  async set(repository: string, tag: string, digest: Digest): Promise<void> {
    await writeLink(this.#storage, tagIndexLink(repository, tag, digest), digest)
    if (this.#isImmutable(tag)) await this.#setOnce(repository, tag, digest)
    else await writeLink(this.#storage, tagCurrentLink(repository, tag), digest)
  }

  /** Deletes a tag; false when there is none. `DENIED` for an immutable one. */
  async delete(repository: string, tag: string): Promise<boolean> {
    if (this.#isImmutable(tag)) throw immutableTag(tag, 'cannot be deleted')
    return remove(this.#storage, tagDirectory(repository, tag))
  }

  /** Deletes every tag whose current manifest this is. Immutable ones stay. */
  async deleteAllOf(repository: string, digest: Digest): Promise<void> {
    const mutable = (await this.#all(repository)).filter(tag => !this.#isImmutable(tag))
    await mapConcurrent(mutable, async tag => {
      if ((await this.resolve(repository, tag)) === digest) await this.delete(repository, tag)
    })
  }

  /** Checks that no immutable tag has this manifest; `DENIED` when one has. Asks the storage only where tags are immutable. */
  async assertDeletable(repository: string, digest: Digest): Promise<void> {
    if (this.#immutable.length === 0) return
    const immutable = (await this.#all(repository)).filter(tag => this.#isImmutable(tag))
    await mapConcurrent(immutable, async tag => {
      if ((await this.resolve(repository, tag)) === digest) throw immutableTag(tag, `needs the manifest ${digest}`)
    })
  }

  /** Lists tags in lexical order. `NAME_UNKNOWN` for a repository that was never pushed to. */
  async list(repository: string, { limit, last }: TagPage): Promise<{ tags: string[]; hasMore: boolean }> {
    const all = await this.#all(repository)
    if (all.length === 0) await this.#assertExists(repository)
    const rest = last === undefined ? all : all.filter(tag => compareTags(tag, last) > 0)
    const page = rest.slice(0, limit)
    return { tags: page, hasMore: page.length > 0 && page.length < rest.length }
  }

  #isImmutable(tag: string): boolean {
    return this.#immutable.some(pattern => matchesTag(pattern, tag))
  }

  async #setOnce(repository: string, tag: string, digest: Digest): Promise<void> {
    const path = tagCurrentLink(repository, tag)
    const refusal = await this.#putOnce(path, tag, digest, () => this.#removeBroken(path))
    if (refusal === undefined) return
    // Without a current link that leads there it counts for nothing.
    await this.#storage.delete(tagIndexLink(repository, tag, digest), { fileOnly: true }).catch(() => {})
    throw refusal
  }

  /** Writes an immutable tag's link; gives the reason when it cannot. `makeRoom` removes a link that leads nowhere. */
  async #putOnce(
    path: string,
    tag: string,
    digest: Digest,
    makeRoom: (() => Promise<boolean>) | undefined,
  ): Promise<RegistryError | undefined> {
    try {
      await this.#storage.putContent(path, digest, { ifAbsent: true })
      return undefined
    } catch (error) {
      if (isStorageError(error, 'UNSUPPORTED')) {
        const message = `the tag ${tag} is immutable, and the storage turned out to be unable to keep it so`
        return new RegistryError('UNSUPPORTED', message, { status: 501, details: [{ tag }], cause: error })
      }
      if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
    }
    const current = await readLink(this.#storage, path)
    if (current === digest) return undefined
    if (current === undefined && (await makeRoom?.())) return this.#putOnce(path, tag, digest, undefined)
    return immutableTag(tag, `has the manifest ${current ?? 'of another push'} and cannot be moved to ${digest}`)
  }

  /** Removes a link that holds no digest; false when another client has written one meanwhile. */
  async #removeBroken(path: string): Promise<boolean> {
    const file = await undefinedIfNotFound(this.#storage.stat(path, { fileOnly: true }))
    if (file === undefined) return true
    if ((await readLink(this.#storage, path)) !== undefined) return false
    await removeRevision(this.#storage, file)
    return true
  }

  async #all(repository: string): Promise<string[]> {
    const directory = tags(repository)
    const children = (await undefinedIfNotFound(this.#storage.list(directory))) ?? []
    return children.map(path => path.slice(directory.length + 1)).toSorted(compareTags)
  }

  async #assertExists(repository: string): Promise<void> {
    const directories = [manifests(repository), layers(repository)]
    const found = await settleAll(directories.map(directory => undefinedIfNotFound(this.#storage.stat(directory))))
    if (found.some(directory => directory !== undefined)) return
    throw new RegistryError('NAME_UNKNOWN', 'repository name not known to registry', {
      details: [{ name: repository }],
    })
  }
}

/** Compares in the specification's order: alphanumeric, without regard to case; tags that differ in case only by their bytes. */
function compareTags(a: string, b: string): number {
  return byBytes(a.toLowerCase(), b.toLowerCase()) || byBytes(a, b)
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function immutableTag(tag: string, why: string): RegistryError {
  return new RegistryError('DENIED', `the tag ${tag} is immutable: it ${why}`, { status: 409, details: [{ tag }] })
}
