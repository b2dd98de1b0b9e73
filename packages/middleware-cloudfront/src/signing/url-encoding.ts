/**
 * A key as the path of a URL. The URL that a policy names must equal, byte for byte, the one that the client sends, so
 * there is one spelling of every key: each of its components is percent-encoded as `encodeURIComponent` does, which
 * leaves `A-Z a-z 0-9 - _ . ! ~ * ' ( )` as they are. HTTP clients and the AWS signer keep that spelling.
 */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

/** A query parameter's value, with every character escaped that a client, a signer or a server spells in two ways. */
export function encodeQueryValue(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Escapes `*`, so that a policy opens the URL itself: in a custom one it stands for any characters. */
export function escapeWildcards(url: string): string {
  return url.replaceAll('*', '%2A')
}

/**
 * What every URL of a distribution begins with, a slash at its end. `https://` is added where no scheme is given.
 * Undefined when `text` is not an http or https URL of one host, or has a user name, a query or a fragment: a signed URL
 * cannot begin with one.
 */
export function distributionUrl(text: string): string | undefined {
  const spelled = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(spelled) || /[?#]/.test(spelled)) return undefined
  const { protocol, origin, pathname, username, password } = new URL(spelled)
  if (!/^https?:$/.test(protocol) || username || password || origin.includes('*')) return undefined
  const path = canonicalize(pathname)
  return path === undefined ? undefined : `${origin}${path}`.replace(/\/*$/, '/')
}

/** A URL's path in the spelling of {@link encodeKey}; undefined when it holds a `%` that begins no escape. */
function canonicalize(pathname: string): string | undefined {
  try {
    return pathname.split('/').map(canonicalComponent).join('/')
  } catch {
    return undefined
  }
}

/**
 * Any URL in the one spelling that is signed and sent: the path as in {@link encodeKey}, and the query as the AWS signer
 * spells it, with an `=` in every pair. Whatever is no escape is taken for the character itself. Undefined when `text` is
 * not an absolute http or https URL, has a user name, a fragment or half a surrogate pair, or holds `.` or `..` as a component, which a client
 * would take out before it sends the URL.
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

/** Escapes stay, in capitals, and so does `+`, which servers read as a space. */
function canonicalParameter(text: string): string {
  return text.replaceAll(/(%[0-9A-Fa-f]{2}|\+)|[^%+]+|%/g, (part, kept: string | undefined) =>
    kept === undefined ? encodeURIComponent(part).replaceAll("'", '%27') : kept.toUpperCase(),
  )
}
