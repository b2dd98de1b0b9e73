import type { StorageDriver } from '@longshore/middleware-core'
import { isRepositoryName } from '../oci/names.ts'
import { manifests, repositories } from './layout.ts'

/** Page of repositories in the storage's order. */
export interface CatalogPage {
  readonly repositories: readonly string[]
  readonly hasMore: boolean
}

/** Catalog of repositories: those with manifests. */
export class Catalog {
  readonly #storage: StorageDriver

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  /**
   * At most `limit` repositories, those after `last` only, which need not exist. They come in the order in which a walk meets
   * their `_manifests`, as in Distribution, so that a page begins where the one before ended and nothing is sorted or listed
   * twice: `a/0` before `a` before `a/b`. What lies in a repository's own directories is passed over.
   */
  async list(limit: number, last?: string): Promise<CatalogPage> {
    const found: string[] = []
    if (limit === 0) return { repositories: found, hasMore: false }
    const walk = this.#storage.walk(repositories, {
      startAfter: last && behindDirectory(manifests(last)),
      descend: ({ path }) => !isReserved(path),
    })
    for await (const { path, isDirectory } of walk) {
      const name = isDirectory ? repositoryOf(path) : undefined
      if (name === undefined) continue
      if (found.length === limit) return { repositories: found, hasMore: true }
      found.push(name)
    }
    return { repositories: found, hasMore: false }
  }
}

/** True for a repository's own directories, which begin with an underscore, as no component of a name does. */
function isReserved(path: string): boolean {
  return path[path.lastIndexOf('/') + 1] === '_'
}

function repositoryOf(path: string): string | undefined {
  const name = path.slice(repositories.length + 1).replace(/\/_manifests$/, '')
  return manifests(name) === path && isRepositoryName(name) ? name : undefined
}

/** Makes a position right behind all that is in a directory: `0` comes next to the slash. */
function behindDirectory(path: string): string {
  return `${path}0`
}
