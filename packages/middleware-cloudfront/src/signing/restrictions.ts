import { isIPv4 } from 'node:net'
import { optionError } from '@longshore/middleware-core'
import { splitUrl } from './query-parameters.ts'
import { type Policy, cannedPolicy, customPolicy } from './policy.ts'
import { canonicalUrl, escapeWildcards } from './url-encoding.ts'

/** End of a signature: a moment, or a number of seconds from now, 1 or more. Both are rounded down to whole seconds. */
export type Expiry =
  | { readonly expiresAt: Date; readonly expiresIn?: undefined }
  | { readonly expiresIn: number; readonly expiresAt?: undefined }

/** Restrictions of a signature. */
export type SigningOptions = Expiry & {
  /**
   * Kind of policy. `canned` opens one URL and is short; `custom` travels with the signature and can hold more. Default
   * `canned`, unless another option needs a custom one.
   */
  readonly policy?: 'canned' | 'custom' | undefined
  /** Moment up to which CloudFront refuses, its whole second included. Needs a custom policy. */
  readonly notBefore?: Date | undefined
  /** IPv4 address or block of the only clients that are served: `192.0.2.1`, `192.0.2.0/24`. Needs a custom policy. */
  readonly ipAddress?: string | undefined
}

/** Canonical form of a URL, as clients send it. Throws a `ConfigError` when it cannot be signed. */
export function signableUrl(url: string | URL): string {
  const text = String(url)
  const canonical = canonicalUrl(text)
  if (canonical === undefined) {
    const accepted = 'an http or https URL without user name, fragment, and . or .. in its path'
    throw optionError('url', `found ${JSON.stringify(withoutUser(text))}; accepted: ${accepted}`)
  }
  const [taken] = splitUrl(canonical).parameters.keys()
  if (taken) throw optionError('url', `found the query parameter ${taken}, which is CloudFront's own`)
  return canonical
}

/**
 * {@link signableUrl} for a custom policy that opens this URL alone. A `*` is escaped. The `?` before a query cannot be: in a
 * custom policy it stands for any character, and so would open other files. A URL with a query is a `ConfigError`.
 */
export function signableLiteral(url: string | URL): string {
  const literal = escapeWildcards(signableUrl(url))
  if (!literal.includes('?')) return literal
  throw optionError(
    'url',
    'found a query, whose ? stands for any character in a custom policy; accepted: a URL without query, a canned policy, or an explicit pattern',
  )
}

/**
 * Checks a pattern of URLs that begins with one of `schemes`. An empty one is refused: it would open every file of every
 * distribution that trusts the key.
 */
export function signablePattern(resource: string, schemes: readonly string[]): string {
  const begins = schemes.some(scheme => resource.startsWith(`${scheme}://`) && resource.length > scheme.length + 3)
  if (begins || (resource === '*' && schemes.includes('*'))) {
    if (/^[!-~]+$/.test(resource) && !/["#<>`{}|^]/.test(resource)) return resource
    throw optionError('resource', 'found characters that no URL has; accepted: a pattern that is percent-encoded')
  }
  const accepted = `a URL or a pattern of URLs that begins with ${schemes.map(scheme => `${scheme}://`).join(', ')}`
  throw optionError('resource', `found ${JSON.stringify(withoutUser(resource))}; accepted: ${accepted}`)
}

/** True where the options need a custom policy, whatever the resource is. */
export function needsCustomPolicy({ policy, notBefore, ipAddress }: SigningOptions): boolean {
  return policy === 'custom' || notBefore !== undefined || ipAddress !== undefined
}

/** Builds the policy over `resource`. `isPattern` says that the resource needs a custom one; `now` is in milliseconds. */
export function policyOf(
  resource: string,
  options: SigningOptions,
  { isPattern, now }: { isPattern: boolean; now: number },
): { policy: Policy; expiresAt: Date } {
  const expires = toSeconds('expiresAt', options.expiresAt?.getTime() ?? now + lifetimeOf(options) * 1000)
  const notBefore = options.notBefore && toSeconds('notBefore', options.notBefore.getTime())
  const ipAddress = options.ipAddress === undefined ? undefined : ipv4Block(options.ipAddress)
  if (notBefore !== undefined && notBefore >= expires) throw optionError('notBefore', 'found a moment after the expiry')
  const isCustom = isPattern || needsCustomPolicy(options)
  if (isCustom && options.policy === 'canned') {
    throw optionError('policy', 'found canned; accepted: custom, which a pattern, notBefore and ipAddress need')
  }
  const policy = isCustom ? customPolicy({ resource, expires, notBefore, ipAddress }) : cannedPolicy(resource, expires)
  return { policy, expiresAt: new Date(expires * 1000) }
}

function lifetimeOf({ expiresIn }: SigningOptions): number {
  if (typeof expiresIn === 'number' && expiresIn >= 1) return expiresIn
  throw optionError(
    'expiresIn',
    `found ${expiresIn}; accepted: a number of seconds, 1 or more, or the option expiresAt`,
  )
}

function toSeconds(name: string, milliseconds: number): number {
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return Math.floor(milliseconds / 1000)
  throw optionError(name, 'found no valid date; accepted: a Date from 1970 on')
}

/** Address in CIDR notation, `192.0.2.1/32`, as the AWS signer writes it. */
function ipv4Block(text: string): string {
  const [, address = '', bits = '32'] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(text) ?? []
  if (isIPv4(address) && Number(bits) <= 32) return `${address}/${Number(bits)}`
  const accepted = 'an IPv4 address or block, such as 192.0.2.1 or 192.0.2.0/24; CloudFront knows no others here'
  throw optionError('ipAddress', `found ${JSON.stringify(text)}; accepted: ${accepted}`)
}

const withoutUser = (url: string): string => url.replace(/\/\/[^/]*@/, '//...@')
