/** CloudFront's own query parameters. As cookies they have `CloudFront-` before their names. */
const signingParameters = ['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'] as const
export type SigningParameter = (typeof signingParameters)[number]

/** URL without CloudFront's own parameters, byte for byte, and those parameters. */
export interface SplitUrl {
  readonly url: string
  readonly parameters: ReadonlyMap<SigningParameter, string>
}

/** Takes CloudFront's parameters out of a URL, as CloudFront does. */
export function splitUrl(text: string): SplitUrl {
  const [withoutFragment = ''] = text.split('#')
  const start = withoutFragment.indexOf('?')
  if (start === -1) return { url: withoutFragment, parameters: new Map() }
  const parameters = new Map<SigningParameter, string>()
  const kept = withoutFragment
    .slice(start + 1)
    .split('&')
    .filter(pair => {
      const [name = '', ...value] = pair.split('=')
      const parameter = signingParameters.find(known => known === name)
      if (parameter) parameters.set(parameter, decoded(value.join('=')))
      return parameter === undefined
    })
  const query = kept.join('&')
  return { url: withoutFragment.slice(0, start) + (query === '' ? '' : `?${query}`), parameters }
}

/** CloudFront's parameters out of cookies: values by name, or a `Cookie` header. */
export function cookieParameters(cookies: string | Readonly<Record<string, string>>): Map<SigningParameter, string> {
  const entries = typeof cookies === 'string' ? cookies.split(';').map(parsedCookie) : Object.entries(cookies)
  const values = new Map(entries)
  return new Map(
    signingParameters.flatMap(parameter => {
      const value = values.get(`CloudFront-${parameter}`)
      return value === undefined ? [] : [[parameter, value]]
    }),
  )
}

function parsedCookie(cookie: string): [string, string] {
  const [name = '', ...value] = cookie.trim().split('=')
  return [name, value.join('=')]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
