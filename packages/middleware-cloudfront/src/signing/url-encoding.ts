/**
 * Encodes a key as the path of a URL. The URL of a policy must equal, byte for byte, the one that the client sends, so every
 * key has one encoding: that of `encodeURIComponent` for each component, which leaves `A-Z a-z 0-9 - _ . ! ~ * ' ( )` as they
 * are. HTTP clients and the AWS signer keep it.
 */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

/** Encodes the value of a query parameter, with every character escaped that clients, signers and servers encode differently. */
export function encodeQueryValue(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Escapes `*`, so that a policy opens the URL itself: in a custom one it stands for any characters. */
export function escapeWildcards(url: string): string {
  return url.replaceAll('*', '%2A')
}

/**
 * Parses the base URL of a distribution and gives it a slash at its end, and `https://` where it has no scheme. Undefined
 * unless `text` is an http or https URL of one host, without user name, query and fragment.
 */
export function distributionUrl(text: string): string | undefined {
  const url = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(url) || /[?#]/.test(url)) return undefined
  const { protocol, origin, pathname, username, password } = new URL(url)
  if (!/^https?:$/.test(protocol) || username || password || origin.includes('*')) return undefined
  const path = canonicalize(pathname)
  return path === undefined ? undefined : `${origin}${path}`.replace(/\/*$/, '/')
}

/** Path of a URL, encoded as by {@link encodeKey}; undefined when it holds a `%` that begins no escape. */
function canonicalize(pathname: string): string | undefined {
  try {
    return pathname.split('/').map(canonicalComponent).join('/')
  } catch {
    return undefined
  }
}

/**
 * Canonical form of a URL, in which it is signed and sent: the path as by {@link encodeKey}, the query as the AWS signer encodes
 * it, with an `=` in every pair. A `%` that begins no escape stands for itself. Undefined unless `text` is an absolute http or
 * https URL without user name, fragment and unpaired surrogates, and without `.` and `..` as components, which a client would
 * take out before it sends the URL.
 */
export function canonicalUrl(text: string): string | undefined {
  const [, scheme = '', authority = '', path = '', query = ''] =
    /^(https?:)\/\/([^/?#@*\\\s]+)([^?#]*)(\?[^#]*)?$/is.exec(text) ?? []
  if (authority === '' || /\p{Surrogate}/u.test(text) || !URL.canParse(`${scheme}//${authority}`)) return undefined
  const components = path.split('/').map(component => {
    try {
      return canonicalComponent(component)
    } catch {
      return encodeURIComponent(component)
    }
  })
  if (components.includes('.') || components.includes('..')) return undefined
  const { origin } = new URL(`${scheme}//${authority}`)
  return `${origin}${components.join('/') || '/'}${canonicalQuery(query.slice(1))}`
}

const canonicalComponent = (component: string): string => encodeURIComponent(decodeURIComponent(component))

function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter(Boolean)
    .map(pair => {
      const [name = '', ...value] = pair.split('=')
      return `${canonicalParameter(name)}=${canonicalParameter(value.join('='))}`
    })
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** Encodes a name or a value. Escapes stay, in capitals, and so does `+`, which servers read as a space. */
function canonicalParameter(text: string): string {
  return text.replaceAll(/(%[0-9A-Fa-f]{2}|\+)|[^%+]+|%/g, (part, kept: string | undefined) =>
    kept === undefined ? encodeURIComponent(part).replaceAll("'", '%27') : kept.toUpperCase(),
  )
}
