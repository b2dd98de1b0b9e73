import type { Digest } from './digest.ts'
import type { Descriptor } from './manifest-schema.ts'

/** Media types of the manifests and of the indexes that a registry takes. */
export const indexType = 'application/vnd.oci.image.index.v1+json'
export const imageType = 'application/vnd.oci.image.manifest.v1+json'
export const imageTypes: readonly string[] = [imageType, 'application/vnd.docker.distribution.manifest.v2+json']
export const indexTypes: readonly string[] = [indexType, 'application/vnd.docker.distribution.manifest.list.v2+json']
const manifestTypes: ReadonlySet<string> = new Set([...imageTypes, ...indexTypes])

/** Layers that may be kept elsewhere, as base layers of Windows images are: OCI's in each compression, and Docker's. */
const nonDistributable =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.v1\.tar(?:\+\w+)?|docker\.image\.rootfs\.foreign\.diff\.tar(?:\.\w+)?)$/

/** Content that a manifest refers to. */
export interface Reference {
  readonly digest: Digest
  /** Bytes, as the manifest says. */
  readonly size: number
  /** Kind that it must be of in the repository, by its media type and place; `any`: blob or manifest. */
  readonly kind: 'blob' | 'manifest' | 'any'
  /** Platform of an index's entry, if it has one. */
  readonly platform: { readonly architecture: string; readonly os: string } | undefined
}

/**
 * Makes references of an image's config and layers, each digest once. Layers that may be kept elsewhere, and say where by
 * `urls`, are left out. A manifest among the others may have been pushed as one, or as a blob.
 */
export function referencesOfImage(descriptors: readonly Descriptor[]): Reference[] {
  const wanted = descriptors.filter(({ mediaType, urls }) => !(urls?.length && nonDistributable.test(mediaType)))
  return unique(wanted.map(each => reference(each, manifestTypes.has(each.mediaType) ? 'any' : 'blob')))
}

/**
 * Makes references of an index's entries, each digest once. What is of no manifest's type is a blob, as in BuildKit's cache,
 * or a manifest of a type that another registry has taken.
 */
export function referencesOfIndex(descriptors: readonly Descriptor[]): Reference[] {
  return unique(descriptors.map(each => reference(each, manifestTypes.has(each.mediaType) ? 'manifest' : 'any')))
}

function reference({ digest, size, platform }: Descriptor, kind: Reference['kind']): Reference {
  const { architecture, os } = platform ?? {}
  return { digest, size, kind, platform: platform ? { architecture: architecture ?? '', os: os ?? '' } : undefined }
}

/** Keeps the first reference to each digest. */
function unique(references: readonly Reference[]): Reference[] {
  return [...new Map(references.toReversed().map(each => [each.digest, each])).values()].toReversed()
}
