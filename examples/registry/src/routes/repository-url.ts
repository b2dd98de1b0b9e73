/**
 * A repository's name may hold slashes, which no router takes for one parameter. So it is turned into one: everything
 * between `/v2/` and the endpoint is percent-encoded before routing. What a client had encoded itself is encoded once
 * more, and so never becomes a slash.
 */
const endpoint = /^\/v2\/(.+)\/(blobs\/uploads(?:\/[^/]*)?|blobs\/[^/]+|manifests\/[^/]+|referrers\/[^/]+|tags\/list)$/

/** `/v2/a/b/tags/list?n=5` becomes `/v2/a%2Fb/tags/list?n=5`. */
export function encodeRepositoryName(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  const query = end < 0 ? '' : url.slice(end)
  const [, name, rest] = endpoint.exec(path) ?? []
  return name === undefined ? url : `/v2/${encodeURIComponent(name)}/${rest}${query}`
}

/** The path of a blob, for a `Location` header. */
export function blobUrl(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`
}

/** The path of an upload. It says all that is needed to continue it on any node; the state only makes that cheaper. */
export function uploadUrl(repository: string, id: string, state: string): string {
  return `/v2/${repository}/blobs/uploads/${id}?_state=${encodeURIComponent(state)}`
}

/** The value of a `Link` header that leads to the next page of a list. What is undefined is left out of its query. */
export function nextPage(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.append(name, String(value))
  return `<${path}?${given.toString()}>; rel="next"`
}

export function manifestUrl(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`
}
