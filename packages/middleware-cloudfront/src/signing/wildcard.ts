/**
 * True where a policy's resource matches a URL. In a pattern `*` stands for any characters, or none, and `?` for one. Both are
 * cut into scheme, domain, path and query, and no wildcard reaches from one section into the next; but a `*` at the end of
 * the domain takes in every path and query, and one at the end of the path every query. `*` alone is everything.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
 */
export function resourceMatches(pattern: string, url: string): boolean {
  if (pattern === '*') return true
  const expected = sectionsOf(pattern)
  const found = sectionsOf(url)
  if (!expected || !found) return false
  if (!glob(expected.scheme, found.scheme) || !glob(expected.domain, found.domain)) return false
  const mark = found.rest.indexOf('?')
  const path = mark === -1 ? found.rest : found.rest.slice(0, mark)
  const query = mark === -1 ? undefined : found.rest.slice(mark + 1)
  if (expected.rest === '') return expected.domain.endsWith('*') || found.rest === ''
  return interpretationsOf(expected.rest).some(pathAndQuery => {
    if (!glob(pathAndQuery.path, path)) return false
    if (pathAndQuery.query === undefined) return query === undefined || pathAndQuery.path.endsWith('*')
    return query !== undefined && glob(pathAndQuery.query, query)
  })
}

interface Sections {
  readonly scheme: string
  readonly domain: string
  /** Path and query. */
  readonly rest: string
}

function sectionsOf(text: string): Sections | undefined {
  const [, scheme, domain = '', rest = ''] = /^(https?|https?\*|http\*|\*):\/\/([^/]*)(.*)$/s.exec(text) ?? []
  return scheme === undefined ? undefined : { scheme, domain, rest }
}

/**
 * Paths and queries that a pattern may mean: a `?` begins the query or stands for one character of the path, and the pattern
 * does not say which. AWS's examples write the one that begins the query as `\?`, too.
 */
function interpretationsOf(rest: string): { path: string; query: string | undefined }[] {
  const found: { path: string; query: string | undefined }[] = [{ path: rest, query: undefined }]
  for (let mark = rest.indexOf('?'); mark !== -1; mark = rest.indexOf('?', mark + 1)) {
    found.push({ path: rest.slice(0, mark).replace(/\\$/, ''), query: rest.slice(mark + 1) })
  }
  return found
}

/** Matches in linear memory and at most quadratic time; a regular expression could take exponential time for many stars. */
function glob(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < text.length) {
    const expected = pattern[at]
    if (expected === '*') {
      star = at++
      resume = index
    } else if (expected === '?' || expected === text[index]) {
      at++
      index++
    } else if (star === -1) {
      return false
    } else {
      // The last star takes one character more.
      at = star + 1
      index = ++resume
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
