/**
 * A key as the path of a URL. The URL that a policy names must equal, byte for byte, the one that the client sends, so
 * there is one spelling of every key: each of its components is percent-encoded as `encodeURIComponent` does, which
 * leaves `A-Z a-z 0-9 - _ . ! ~ * ' ( )` as they are. HTTP clients and the AWS signer keep that spelling.
 */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

/**
 * What every URL of a distribution begins with, a slash at its end. `https://` is added where no scheme is given.
 * Undefined when `text` is not an http or https URL, or has a user name, a query or a fragment: a signed URL cannot
 * begin with one.
 */
export function distributionUrl(text: string): string | undefined {
  const spelled = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(spelled) || /[?#]/.test(spelled)) return undefined
  const { protocol, origin, pathname, username, password } = new URL(spelled)
  if (!/^https?:$/.test(protocol) || username || password) return undefined
  const path = respelled(pathname)
  return path === undefined ? undefined : `${origin}${path}`.replace(/\/*$/, '/')
}

/** A URL's path in the spelling of {@link encodeKey}; undefined when it holds a `%` that begins no escape. */
function respelled(pathname: string): string | undefined {
  try {
    return pathname
      .split('/')
      .map(component => encodeURIComponent(decodeURIComponent(component)))
      .join('/')
  } catch {
    return undefined
  }
}
