/**
 * Whether a policy's resource is this URL. In a pattern `*` stands for any characters, or none, and `?` for one. Both are
 * cut into scheme, domain, path and query, and no wildcard reaches from one section into the next; but a `*` at the end of
 * the domain takes in every path and query, and one at the end of the path every query. `*` alone is everything.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
 */
export function resourceMatches(pattern: string, url: string): boolean {
  if (pattern === '*') return true
  const wanted = sectionsOf(pattern)
  const found = sectionsOf(url)
  if (!wanted || !found) return false
  if (!glob(wanted.scheme, found.scheme) || !glob(wanted.domain, found.domain)) return false
  const mark = found.rest.indexOf('?')
  const path = mark === -1 ? found.rest : found.rest.slice(0, mark)
  const query = mark === -1 ? undefined : found.rest.slice(mark + 1)
  if (wanted.rest === '') return wanted.domain.endsWith('*') || found.rest === ''
  return readings(wanted.rest).some(reading => {
    if (!glob(reading.path, path)) return false
    if (reading.query === undefined) return query === undefined || reading.path.endsWith('*')
    return query !== undefined && glob(reading.query, query)
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
 * A `?` may begin the query or stand for one character of the path, and the pattern does not say which: every reading
 * counts. AWS's examples write the one that begins the query as `\?`, too.
 */
function* readingsOf(rest: string): Generator<{ path: string; query: string | undefined }> {
  yield { path: rest, query: undefined }
  for (let mark = rest.indexOf('?'); mark !== -1; mark = rest.indexOf('?', mark + 1)) {
    yield { path: rest.slice(0, mark).replace(/\\$/, ''), query: rest.slice(mark + 1) }
  }
}

const readings = (rest: string): { path: string; query: string | undefined }[] => [...readingsOf(rest)]

/** Without a regular expression, whose time a pattern with many stars could make boundless. */
function glob(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < text.length) {
    const wanted = pattern[at]
    if (wanted === '*') {
      star = at++
      resume = index
    } else if (wanted === '?' || wanted === text[index]) {
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
