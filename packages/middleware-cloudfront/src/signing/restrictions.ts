import { isIPv4 } from 'node:net'
import { optionError } from '@longshore/middleware-core'
import { splitUrl } from './query-parameters.ts'
import { type Policy, cannedPolicy, customPolicy } from './policy.ts'
import { canonicalUrl } from './url-encoding.ts'

/** When a signature ends: at a moment, or some seconds from now. CloudFront counts whole seconds; both are rounded down. */
export type Expiry =
  | { readonly expiresAt: Date; readonly expiresIn?: undefined }
  | { readonly expiresIn: number; readonly expiresAt?: undefined }

/** What a signature allows. */
export type SigningOptions = Expiry & {
  /**
   * `canned` allows one URL until it ends, and is short; `custom` travels with the signature and can say more. Default
   * canned, unless something else here asks for a custom one.
   */
  readonly policy?: 'canned' | 'custom' | undefined
  /** CloudFront refuses up to this second and through it. Custom policies only. */
  readonly notBefore?: Date | undefined
  /** The only client that is served, or block of them: `192.0.2.1`, `192.0.2.0/24`. IPv4 and custom policies only. */
  readonly ipAddress?: string | undefined
}

/** The URL as clients send it. Throws a `ConfigError` when it cannot be signed. */
export function signableUrl(url: string | URL): string {
  const text = String(url)
  const spelled = canonicalUrl(text)
  if (spelled === undefined) {
    const accepted = 'an http or https URL without user name, fragment, and . or .. in its path'
    throw optionError('url', `found ${JSON.stringify(withoutUser(text))}; accepted: ${accepted}`)
  }
  const [taken] = splitUrl(spelled).parameters.keys()
  if (taken) throw optionError('url', `found the query parameter ${taken}, which is CloudFront's own`)
  return spelled
}

/**
 * A pattern of URLs. To leave it out would open every file of every distribution that trusts the key, so an empty one is
 * refused. `schemes` is what it may begin with.
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

/** The policy over `resource` and when it ends. `isPattern` says that the resource asks for a custom policy. */
export function policyOf(
  resource: string,
  terms: SigningOptions,
  { isPattern, now }: { isPattern: boolean; now: number },
): { policy: Policy; expiresAt: Date } {
  const expires = seconds('expiresAt', terms.expiresAt?.getTime() ?? now + lifetimeOf(terms) * 1000)
  const notBefore = terms.notBefore && seconds('notBefore', terms.notBefore.getTime())
  const ipAddress = terms.ipAddress === undefined ? undefined : ipv4Block(terms.ipAddress)
  if (notBefore !== undefined && notBefore >= expires) throw optionError('notBefore', 'found a moment after the expiry')
  const isCustom = isPattern || notBefore !== undefined || ipAddress !== undefined
  if (isCustom && terms.policy === 'canned') {
    throw optionError('policy', 'found canned; accepted: custom, which a pattern, notBefore and ipAddress need')
  }
  const isCanned = !isCustom && terms.policy !== 'custom'
  const policy = isCanned ? cannedPolicy(resource, expires) : customPolicy({ resource, expires, notBefore, ipAddress })
  return { policy, expiresAt: new Date(expires * 1000) }
}

function lifetimeOf({ expiresIn }: SigningOptions): number {
  if (typeof expiresIn === 'number' && expiresIn >= 1) return expiresIn
  throw optionError(
    'expiresIn',
    `found ${expiresIn}; accepted: a number of seconds, 1 or more, or the option expiresAt`,
  )
}

function seconds(name: string, milliseconds: number): number {
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return Math.floor(milliseconds / 1000)
  throw optionError(name, 'found no valid date; accepted: a Date from 1970 on')
}

/** The address as a block, which is how the AWS signer writes a single one, too. */
function ipv4Block(text: string): string {
  const [, address = '', bits = '32'] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(text) ?? []
  if (isIPv4(address) && Number(bits) <= 32) return `${address}/${Number(bits)}`
  const accepted = 'an IPv4 address or block, such as 192.0.2.1 or 192.0.2.0/24; CloudFront knows no others here'
  throw optionError('ipAddress', `found ${JSON.stringify(text)}; accepted: ${accepted}`)
}

const withoutUser = (url: string): string => url.replace(/\/\/[^/]*@/, '//...@')
