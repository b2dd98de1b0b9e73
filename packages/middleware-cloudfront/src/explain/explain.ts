import { optionError } from '@longshore/middleware-core'
import type { SignedCookies } from '../signing/cookies.ts'
import { type SigningParameter, type SplitUrl, cookieParameters, splitUrl } from '../signing/query-parameters.ts'
import { type PublicKey, readPublicKey } from '../keys/public-key.ts'
import { MalformedPolicy, type ReadPolicy, readPolicy } from './read-policy.ts'
import { type Denial, findDenial } from './denial.ts'

/** CloudFront's view of a signed URL, or of signed cookies. */
export interface Explanation {
  /** True where CloudFront would serve the request, as far as the arguments tell. */
  readonly allowed: boolean
  /** First reason for which CloudFront would refuse; undefined when it would serve the request. */
  readonly denial: Denial | undefined
  readonly keyPairId: string | undefined
  /** Value of `Hash-Algorithm`. Default `SHA1`. */
  readonly hashAlgorithm: string
  /** Policy of the signature; undefined when there is none, or none that can be parsed. */
  readonly policy: ExplainedPolicy | undefined
}

/** Restrictions of a policy. They hold only where {@link Explanation.denial} finds its signature right. */
export interface ExplainedPolicy {
  readonly kind: 'canned' | 'custom'
  /** URL or pattern of URLs; undefined when it is every file of every distribution that trusts the key. */
  readonly resource: string | undefined
  /** Time from which on CloudFront refuses; at most the last one that a Date can hold. */
  readonly expiresAt: Date
  /** Last second in which CloudFront still refuses. */
  readonly notBefore: Date | undefined
  /** IPv4 block of the only clients that are served. */
  readonly ipAddress: string | undefined
}

export interface ExplainOptions {
  /** Time of the request. Default: now. */
  readonly now?: Date | undefined
  /** IP address of the client. Without it the address is not checked. */
  readonly clientIp?: string | undefined
  /**
   * URL that is requested with the cookies. Without it the resource of a custom policy is not checked. A canned policy needs it,
   * because CloudFront makes its text from the URL.
   */
  readonly url?: string | URL | undefined
}

/** Signed cookies: a `Cookie` header, values by name, or the result of `signCookies`. */
export type Cookies = string | Readonly<Record<string, string>> | SignedCookies

/**
 * Explains a signed URL or signed cookies: resource, expiry, clients, and the reason for which CloudFront would refuse them.
 * `publicKeys` are those that the distribution trusts, by their IDs. Throws a `ConfigError` for wrong keys and options; a wrong
 * URL or cookie is part of the explanation.
 */
export function explain(
  urlOrCookies: string | URL | Cookies,
  publicKeys: Readonly<Record<string, PublicKey>>,
  { now = new Date(), clientIp, url: requestUrl }: ExplainOptions = {},
): Explanation {
  const keys = new Map(Object.entries(publicKeys).map(([id, key]) => [id, readPublicKey(key, `publicKeys.${id}`)]))
  const { url, parameters }: SplitRequest = isUrl(urlOrCookies)
    ? splitRequestUrl(urlOrCookies)
    : readCookies(urlOrCookies, requestUrl)
  const keyPairId = parameters.get('Key-Pair-Id') || undefined
  const hashAlgorithm = parameters.get('Hash-Algorithm') ?? 'SHA1'
  const policy = readPolicyOrError(parameters, url)
  const request = { url, keyPairId, signature: parameters.get('Signature'), hashAlgorithm, policy }
  const denial = findDenial(request, { keys, now: now.getTime(), clientIp })
  const explained = policy instanceof MalformedPolicy ? undefined : explainedPolicy(policy)
  return { allowed: denial === undefined, denial, keyPairId, hashAlgorithm, policy: explained }
}

function isUrl(given: string | URL | Cookies): given is string | URL {
  return given instanceof URL || (typeof given === 'string' && /^https?:\/\//i.test(given))
}

/** Splits a URL as a client sends it. */
function splitRequestUrl(url: string | URL): SplitUrl {
  if (URL.canParse(String(url))) return splitUrl(new URL(url).href)
  throw optionError('url', 'found a text that is no URL; accepted: an http or https URL')
}

interface SplitRequest {
  readonly url: string | undefined
  readonly parameters: SplitUrl['parameters']
}

/** Reads cookies, unless the URL has a signing parameter: that makes CloudFront ignore them. */
function readCookies(cookies: Cookies, requestUrl: string | URL | undefined): SplitRequest {
  const sent = requestUrl === undefined ? undefined : splitRequestUrl(requestUrl)
  if (sent && sent.parameters.size > 0) return sent
  const values = typeof cookies === 'object' && typeof cookies['cookies'] === 'object' ? cookies['cookies'] : cookies
  return { url: sent?.url, parameters: cookieParameters(values as string | Record<string, string>) }
}

function readPolicyOrError(
  parameters: ReadonlyMap<SigningParameter, string>,
  url: string | undefined,
): ReadPolicy | MalformedPolicy {
  if (url === undefined && parameters.has('Expires') && !parameters.has('Policy')) {
    throw optionError(
      'url',
      'missing; accepted: the URL that is requested, from which CloudFront makes a canned policy',
    )
  }
  try {
    return readPolicy(parameters, url ?? '')
  } catch (error) {
    if (error instanceof MalformedPolicy) return error
    throw error
  }
}

function explainedPolicy({ kind, resource, expires, notBefore, ipAddress }: ReadPolicy): ExplainedPolicy {
  return {
    kind,
    resource,
    expiresAt: dateOf(expires),
    notBefore: notBefore === undefined ? undefined : dateOf(notBefore),
    ipAddress,
  }
}

/** Last second of a Date. */
const MAX_DATE_SECONDS = 8_640_000_000_000n

function dateOf(seconds: bigint): Date {
  return new Date(Number(seconds > MAX_DATE_SECONDS ? MAX_DATE_SECONDS : seconds) * 1000)
}
