/**
 * A URL whose path the router can decode. What is no percent-encoding of UTF-8 stands for itself: no grammar has a `%`, so
 * such a request is refused where any other bad name is, and is logged and counted like it.
 */
export function withDecodablePath(url: string): string {
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
