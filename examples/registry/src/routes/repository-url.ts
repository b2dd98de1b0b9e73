/** Path of a blob, for a `Location` header. */
export function blobUrl(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`
}

/** Path of an upload. It says all that is needed to continue it on any node; the state only makes that cheaper. */
export function uploadUrl(repository: string, id: string, state: string): string {
  return `/v2/${repository}/blobs/uploads/${id}?_state=${encodeURIComponent(state)}`
}

/** Value of a `Link` header that leads to the next page of a list. What is undefined is left out of its query. */
export function nextPage(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.append(name, String(value))
  return `<${path}?${given.toString()}>; rel="next"`
}

/** Path of a manifest, for a `Location` header. */
export function manifestUrl(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`
}
