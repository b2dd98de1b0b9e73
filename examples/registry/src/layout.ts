import { type Digest, digestParts } from './digest.ts'

/**
 * Where CNCF Distribution keeps things, byte for byte, so that both can serve one bucket:
 *
 *     /docker/registry/v2/
 *       blobs/<algorithm>/<first two digits>/<hex>/data           every blob's bytes, manifests included
 *       repositories/<name>/
 *         _layers/<algorithm>/<hex>/link                          the repository has this blob
 *         _manifests/revisions/<algorithm>/<hex>/link             the repository has this manifest
 *         _manifests/tags/<tag>/current/link                      what the tag points to
 *         _manifests/tags/<tag>/index/<algorithm>/<hex>/link      what it ever pointed to
 *         _uploads/<id>/startedat                                 an upload exists since then
 *         _uploads/<id>/data                                      its bytes so far
 *
 * A link's content is a digest, without a line end.
 */
const top = '/docker/registry/v2'

export function blobData(digest: Digest): string {
  const { algorithm, hex } = digestParts(digest)
  return `${top}/blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`
}

export function layerLink(repository: string, digest: Digest): string {
  return `${top}/repositories/${repository}/_layers/${digestPath(digest)}/link`
}

/** The directory that makes a repository one. */
export function manifests(repository: string): string {
  return `${top}/repositories/${repository}/_manifests`
}

export function revisionLink(repository: string, digest: Digest): string {
  return `${manifests(repository)}/revisions/${digestPath(digest)}/link`
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
  return `${top}/repositories/${repository}/_uploads/${id}`
}

export function uploadData(repository: string, id: string): string {
  return `${uploadDirectory(repository, id)}/data`
}

export function uploadStartedAt(repository: string, id: string): string {
  return `${uploadDirectory(repository, id)}/startedat`
}

/** The content of `startedat`: RFC 3339 in UTC and whole seconds, as Go writes it. */
export function startedAtContent(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}

function digestPath(digest: Digest): string {
  const { algorithm, hex } = digestParts(digest)
  return `${algorithm}/${hex}`
}
