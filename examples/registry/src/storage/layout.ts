import { type Digest, digestParts } from '../oci/digest.ts'

/**
 * Layout of CNCF Distribution, byte for byte, so that both can serve one bucket:
 *
 *     /docker/registry/v2/
 *       blobs/<algorithm>/<first two digits>/<hex>/data           every blob's bytes, manifests included
 *       repositories/<name>/
 *         _layers/<algorithm>/<hex>/link                          the repository has this blob
 *         _manifests/revisions/<algorithm>/<hex>/link             the repository has this manifest
 *         _manifests/tags/<tag>/current/link                      what the tag points to
 *         _manifests/tags/<tag>/index/<algorithm>/<hex>/link      what it ever pointed to
 *         _manifests/referrers/<subject>/<algorithm>/<hex>/link   the manifest names the subject, an <algorithm>/<hex>
 *         _uploads/<id>/startedat                                 an upload exists since then
 *         _uploads/<id>/data                                      its bytes so far
 *       garbage/<run>/<number>                                    links that a garbage collection takes away; only here
 *       probes/<id>                                               written and deleted at a start; only here
 *
 * A link's content is a digest, without a line end. Distribution knows no referrers and passes over their directory: it
 * reads just `revisions` and `tags` of `_manifests`.
 */
const top = '/docker/registry/v2'

/** Directory of all blobs' bytes. */
export const blobs = `${top}/blobs`

/** Directory of garbage collections' journals. Distribution looks at nothing here. */
export const garbageJournals = `${top}/garbage`

/** Path of a file that a start writes and deletes, to find out what the storage can do. */
export function probeFile(id: string): string {
  return `${top}/probes/${id}`
}

export function blobData(digest: Digest): string {
  const { algorithm, hex } = digestParts(digest)
  return `${blobs}/${algorithm}/${hex.slice(0, 2)}/${hex}/data`
}

/** Directory of all repositories. */
export const repositories = `${top}/repositories`

/** Directory of a repository's blobs. */
export function layers(repository: string): string {
  return `${repositories}/${repository}/_layers`
}

export function layerLink(repository: string, digest: Digest): string {
  return `${repositories}/${repository}/_layers/${digestPath(digest)}/link`
}

/** Directory of a repository's manifests, which puts it into the catalog. */
export function manifests(repository: string): string {
  return `${repositories}/${repository}/_manifests`
}

export function revisionLink(repository: string, digest: Digest): string {
  return `${manifests(repository)}/revisions/${digestPath(digest)}/link`
}

/** Directory of the manifests that name `subject`. */
export function referrers(repository: string, subject: Digest): string {
  return `${manifests(repository)}/referrers/${digestPath(subject)}`
}

export function referrerLink(repository: string, subject: Digest, referrer: Digest): string {
  return `${referrers(repository, subject)}/${digestPath(referrer)}/link`
}

export function tags(repository: string): string {
  return `${manifests(repository)}/tags`
}

export function tagDirectory(repository: string, tag: string): string {
  return `${tags(repository)}/${tag}`
}

export function tagCurrentLink(repository: string, tag: string): string {
  return `${tagDirectory(repository, tag)}/current/link`
}

export function tagIndexLink(repository: string, tag: string, digest: Digest): string {
  return `${tagDirectory(repository, tag)}/index/${digestPath(digest)}/link`
}

export function uploadDirectory(repository: string, id: string): string {
  return `${repositories}/${repository}/_uploads/${id}`
}

export function uploadData(repository: string, id: string): string {
  return `${uploadDirectory(repository, id)}/data`
}

export function uploadStartedAt(repository: string, id: string): string {
  return `${uploadDirectory(repository, id)}/startedat`
}

/** Content of `startedat`: RFC 3339 in UTC and whole seconds, as Go writes it. */
export function startedAtContent(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}

function digestPath(digest: Digest): string {
  const { algorithm, hex } = digestParts(digest)
  return `${algorithm}/${hex}`
}
