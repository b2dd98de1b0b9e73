import { type Digest, asDigest } from '../oci/digest.ts'
import { blobData, blobs, repositories } from './layout.ts'

/**
 * Links of a repository: to a blob, to a manifest, from a tag's history to a manifest, and from a manifest to the one that
 * names it as its subject.
 */
export type LinkKind = 'layer' | 'revision' | 'history' | 'referrer'

/** Meaning of a path of the layout. */
export type ParsedPath =
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: LinkKind; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string; readonly file: string }

/** Paths in a repository. A component that begins with `_` ends its name, which is not checked here. */
const inRepository = /^((?:[^_/][^/]*\/)+)_(layers|manifests|uploads)\/(.+)$/

/** Links below a repository's `_manifests`, whose digest comes last. */
const manifestPlaces: readonly (readonly [LinkKind, RegExp])[] = [
  ['revision', /^revisions\/(.+)$/],
  ['history', /^tags\/[^/]+\/index\/(.+)$/],
  ['referrer', /^referrers\/[^/]+\/[^/]+\/(.+)$/],
]

/** Parses a path of the layout; undefined for one that is not of it. */
export function parsePath(path: string): ParsedPath | undefined {
  if (path.startsWith(`${repositories}/`)) return placeInRepositories(path.slice(repositories.length + 1))
  if (!path.startsWith(`${blobs}/`)) return undefined
  const [algorithm, , hex] = path.slice(blobs.length + 1).split('/')
  const digest = asDigest(`${algorithm}:${hex}`)
  return digest && path === blobData(digest) ? { kind: 'blob', digest } : undefined
}

function placeInRepositories(path: string): ParsedPath | undefined {
  const [, name = '', area, rest = ''] = inRepository.exec(path) ?? []
  const repository = name.slice(0, -1)
  if (area === 'layers') return linkPlace('layer', repository, rest)
  if (area === 'uploads') return uploadPlace(repository, rest)
  for (const [kind, form] of manifestPlaces) {
    const [, link] = form.exec(rest) ?? []
    if (link !== undefined) return linkPlace(kind, repository, link)
  }
  const [, tag] = /^tags\/([^/]+)\/current\/link$/.exec(rest) ?? []
  return tag === undefined ? undefined : { kind: 'tag', repository, tag }
}

function linkPlace(kind: LinkKind, repository: string, rest: string): ParsedPath | undefined {
  const [, algorithm, hex] = /^([^/]+)\/([^/]+)\/link$/.exec(rest) ?? []
  const digest = asDigest(`${algorithm}:${hex}`)
  return digest && { kind, repository, digest }
}

function uploadPlace(repository: string, rest: string): ParsedPath | undefined {
  const slash = rest.indexOf('/')
  return slash < 0 ? undefined : { kind: 'upload', repository, id: rest.slice(0, slash), file: rest.slice(slash + 1) }
}
