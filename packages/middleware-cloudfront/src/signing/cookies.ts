import { cloudFrontBase64 } from './base64.ts'
import type { Policy } from './policy.ts'
import type { SigningKey } from './signing-key.ts'

/** Cookies that make CloudFront serve what their policy allows. */
export interface SignedCookies {
  /** Each cookie's value by its name. The names are case-sensitive. */
  readonly cookies: Readonly<Record<string, string>>
  /** Time at which they cease to work. */
  readonly expiresAt: Date
}

/** Attributes of a `Set-Cookie` header. */
export interface CookieAttributes {
  /** Domain that the service and the distribution share. `cloudfront.net` itself is none. Default: the service's own. */
  readonly domain?: string | undefined
  /** Default `/`. */
  readonly path?: string | undefined
  /** True: the browser sends it over https only. Default true. */
  readonly secure?: boolean | undefined
  /** True: scripts cannot read it. Default true. */
  readonly httpOnly?: boolean | undefined
  readonly sameSite?: 'Strict' | 'Lax' | 'None' | undefined
}

/** Signs the cookies of a policy: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-cookies.html */
export async function signCookies(policy: Policy, key: SigningKey): Promise<Record<string, string>> {
  const signature = await key.sign(Buffer.from(policy.text))
  return {
    [`CloudFront-${policy.parameter}`]: policy.value,
    'CloudFront-Key-Pair-Id': key.keyPairId,
    'CloudFront-Signature': cloudFrontBase64(signature),
    ...(key.hashAlgorithm === 'SHA1' ? {} : { 'CloudFront-Hash-Algorithm': key.hashAlgorithm }),
  }
}

/**
 * Formats `Set-Cookie` headers, one for each cookie. They carry no `Expires` of their own, as AWS advises: a browser
 * then forgets them with its session, and the policy ends them anyway.
 */
export function setCookieHeaders({ cookies }: SignedCookies, attributes: CookieAttributes = {}): string[] {
  const { domain, path = '/', secure = true, httpOnly = true, sameSite } = attributes
  const suffix = [
    domain === undefined ? '' : `; Domain=${domain}`,
    `; Path=${path}`,
    secure ? '; Secure' : '',
    httpOnly ? '; HttpOnly' : '',
    sameSite === undefined ? '' : `; SameSite=${sameSite}`,
  ].join('')
  return Object.entries(cookies).map(([name, value]) => `${name}=${value}${suffix}`)
}
