import { originForm } from '../observability/request-target.ts'

/**
 * Makes a function that rewrites a request's target for the router: without scheme, host and prefix, and with the
 * repository's name as one segment. `/my/registry/v2/a/b/tags/list?n=5` becomes `/v2/a%2Fb/tags/list?n=5`.
 *
 * @param prefix path before `/v2/`, such as `/my/registry`, or nothing
 */
export function urlRewriter(prefix: string): (request: { url?: string | undefined }) => string {
  return ({ url = '/' }) => encodeRepositoryName(makeDecodable(removePrefix(originForm(url), prefix)))
}

/** Target that no endpoint has. */
const NOWHERE = '/-'

/** Removes the prefix. What has to have it and does not is no endpoint. */
function removePrefix(url: string, prefix: string): string {
  if (prefix === '') return url
  if (url.startsWith(`${prefix}/v2`)) return url.slice(prefix.length)
  return url.startsWith('/v2') ? NOWHERE : url
}

/**
 * Makes the path one that the router can decode. What is no percent-encoding of UTF-8 stands for itself: no grammar has a
 * `%`, so such a request is refused where any other bad name is, and is logged and counted like it.
 */
function makeDecodable(url: string): string {
  if (!url.includes('%')) return url
  const [path = ''] = url.split('?', 1)
  return isDecodable(path) ? url : path.replaceAll('%', '%25') + url.slice(path.length)
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

const endpoint = /^\/v2\/(.+)\/(blobs\/uploads(?:\/[^/]*)?|blobs\/[^/]+|manifests\/[^/]+|referrers\/[^/]+|tags\/list)$/

/**
 * Makes a repository's name one segment: it may hold slashes, which no router takes for one parameter. Everything between
 * `/v2/` and the endpoint is percent-encoded. Where a client has encoded it, `a%2Fb` is `a/b`, as in Distribution; it is decoded
 * once, so `%252F` stays what no name has.
 */
function encodeRepositoryName(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  const query = end < 0 ? '' : url.slice(end)
  const [, name, rest] = endpoint.exec(path) ?? []
  return name === undefined ? url : `/v2/${encodeURIComponent(decodeURIComponent(name))}/${rest}${query}`
}
