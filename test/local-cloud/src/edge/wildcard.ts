/**
 * Whether a policy's resource is this URL. `*` stands for any characters and `?` for one, and neither crosses from one
 * section (protocol, domain, path, query) into the next; a trailing `*` of the domain takes in every path and query, one
 * of the path takes in every query ("Create a signed URL using a custom policy": wildcard characters).
 */
export function resourceMatches(pattern: string, url: string): boolean {
  if (pattern === '*') return true
  const target = /^([^:]+):\/\/([^/?]*)([^?]*)(\?.*)?$/s.exec(url)
  const [, protocols, rest] = /^(\*|https?\*?|http\*):\/\/(.*)$/s.exec(pattern) ?? []
  if (!target || protocols === undefined || rest === undefined) return false
  const [, protocol = '', domain = '', path = '', query = ''] = target
  if (!wild(protocols, protocol)) return false
  const slash = rest.indexOf('/')
  const domains = slash === -1 ? rest : rest.slice(0, slash)
  if (!wild(domains, domain)) return false
  if (slash === -1) return domains.endsWith('*') || (path === '' && query === '')
  return splits(rest.slice(slash)).some(
    ([paths, queries]) =>
      wild(paths, path) &&
      (queries === undefined ? query === '' || paths.endsWith('*') : wild(queries, query.slice(1)) && query !== ''),
  )
}

/**
 * Path and query of a pattern. A `?` may begin the query or stand for a character of the path, and the pattern does not
 * say which, so that every reading counts.
 */
function splits(pattern: string): [path: string, query: string | undefined][] {
  const found: [string, string | undefined][] = [[pattern, undefined]]
  for (let mark = pattern.indexOf('?'); mark !== -1; mark = pattern.indexOf('?', mark + 1)) {
    // "\?" is how the documentation's examples write the one that begins the query.
    found.push([pattern.slice(0, mark).replace(/\\$/, ''), pattern.slice(mark + 1)])
  }
  return found
}

function wild(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${expression}$`, 's').test(text)
}
