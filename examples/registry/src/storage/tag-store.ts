import { type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { mapConcurrent, settleAll } from './concurrency.ts'
import { layers, manifests, tagCurrentLink, tagDirectory, tagIndexLink, tags } from './layout.ts'
import { readLink, remove, writeLink } from './links.ts'

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

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  resolve(repository: string, tag: string): Promise<Digest | undefined> {
    return readLink(this.#storage, tagCurrentLink(repository, tag))
  }

  /** Sets a tag. The history comes first, so that a garbage collection never misses a tag's manifest. */
  async set(repository: string, tag: string, digest: Digest): Promise<void> {
    await writeLink(this.#storage, tagIndexLink(repository, tag, digest), digest)
    await writeLink(this.#storage, tagCurrentLink(repository, tag), digest)
  }

  /** Deletes a tag; false when there is none. */
  delete(repository: string, tag: string): Promise<boolean> {
    return remove(this.#storage, tagDirectory(repository, tag))
  }

  /** Deletes every tag whose current manifest this is. */
  async deleteAllOf(repository: string, digest: Digest): Promise<void> {
    await mapConcurrent(await this.#all(repository), async tag => {
      if ((await this.resolve(repository, tag)) === digest) await this.delete(repository, tag)
    })
  }

  /** Lists tags in lexical order. `NAME_UNKNOWN` for a repository that was never pushed to. */
  async list(repository: string, { limit, last }: TagPage): Promise<{ tags: string[]; hasMore: boolean }> {
    const all = await this.#all(repository)
    if (all.length === 0) await this.#assertExists(repository)
    const rest = last === undefined ? all : all.filter(tag => lexically(tag, last) > 0)
    const page = rest.slice(0, limit)
    return { tags: page, hasMore: page.length > 0 && page.length < rest.length }
  }

  async #all(repository: string): Promise<string[]> {
    const directory = tags(repository)
    const children = (await undefinedIfNotFound(this.#storage.list(directory))) ?? []
    return children.map(path => path.slice(directory.length + 1)).toSorted(lexically)
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
function lexically(a: string, b: string): number {
  return byBytes(a.toLowerCase(), b.toLowerCase()) || byBytes(a, b)
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
