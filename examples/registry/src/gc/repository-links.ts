import { type FileInfo, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import { type Digest, asDigest } from '../oci/digest.ts'
import { mapConcurrent } from '../storage/concurrency.ts'
import { repositories } from '../storage/layout.ts'
import { MAX_LINK_BYTES } from '../storage/links.ts'
import { type LinkKind, parsePath } from '../storage/parse-path.ts'

/** Link as a listing shows it. */
export interface Link {
  readonly kind: LinkKind
  readonly path: string
  /** Digest in its path. */
  readonly digest: Digest
  /** Digest that it leads to: nearly always the same. */
  readonly target: Digest
  readonly modifiedAt: Date
}

/** Links of one repository. */
export interface RepositoryLinks {
  readonly name: string
  readonly links: readonly Link[]
  /** Digests that the listed tags lead to. */
  readonly tagged: ReadonlySet<Digest>
  /** Paths of links that hold no digest. They count as leading where their path says; a tag's path says nothing. */
  readonly broken: readonly string[]
}

/** Options of a listing of links. */
export interface LinkQuery {
  /** Tags written at this moment or later, too, and the history of tags and referrers. Default: layers and revisions only. */
  readonly tagsSince?: Date | undefined
  /** True to read every link. Default false: see {@link repositoryLinks}. */
  readonly readAll?: boolean | undefined
  /** Directory to list. Default: that of all repositories. */
  readonly below?: string | undefined
}

/** File of the listing that is a tag or a link. */
interface Found {
  readonly kind: LinkKind | 'tag'
  readonly digest: Digest | undefined
  readonly info: FileInfo
}

/**
 * Lists every repository with its links, from one flat listing, in which all of a repository's come together. A link's content
 * is read only where the listing leaves it open: one as long as the digest in its path holds that digest, one of another
 * length leads from one algorithm's digest to another's.
 */
export async function* repositoryLinks(storage: StorageDriver, query: LinkQuery = {}): AsyncIterable<RepositoryLinks> {
  const { below = repositories, tagsSince, readAll = false } = query
  const descend = ({ path }: FileInfo): boolean => holdsLinks(path, tagsSince !== undefined)
  let name: string | undefined
  let found: Found[] = []
  for await (const info of storage.walk(below, { descend })) {
    const parsed = info.isDirectory ? undefined : parsePath(info.path)
    if (!parsed || parsed.kind === 'blob' || parsed.kind === 'upload') continue
    if (parsed.repository !== name) {
      if (name !== undefined) yield await resolve(storage, name, found, readAll)
      name = parsed.repository
      found = []
    }
    if (parsed.kind === 'tag' && tagsSince && info.modifiedAt < tagsSince) continue
    found.push({ kind: parsed.kind, digest: parsed.kind === 'tag' ? undefined : parsed.digest, info })
  }
  if (name !== undefined) yield await resolve(storage, name, found, readAll)
}

function holdsLinks(directory: string, tags: boolean): boolean {
  return !directory.endsWith('/_uploads') && (tags || !/\/_manifests\/(?:tags|referrers)$/.test(directory))
}

async function resolve(
  storage: StorageDriver,
  name: string,
  found: readonly Found[],
  readAll: boolean,
): Promise<RepositoryLinks> {
  const links: Link[] = []
  const tagged = new Set<Digest>()
  const broken: string[] = []
  const add = ({ kind, digest, info: { path, modifiedAt } }: Found, target: Digest | undefined): void => {
    if (target === undefined) broken.push(path)
    if (kind !== 'tag' && digest) links.push({ kind, path, digest, target: target ?? digest, modifiedAt })
    else if (target) tagged.add(target)
  }
  const unread: Found[] = []
  for (const file of found) {
    if (!readAll && file.info.size === file.digest?.length) add(file, file.digest)
    else unread.push(file)
  }
  await mapConcurrent(unread, async file => {
    const content = file.info.size > MAX_LINK_BYTES ? '' : await contentOf(storage, file.info.path)
    // One that vanished meanwhile is no link any more.
    if (content !== undefined) add(file, asDigest(content))
  })
  return { name, links, tagged, broken }
}

async function contentOf(storage: StorageDriver, path: string): Promise<string | undefined> {
  const content = await undefinedIfNotFound(storage.getContent(path))
  return content && Buffer.from(content).toString('latin1')
}
