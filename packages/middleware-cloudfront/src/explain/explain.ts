import { optionError } from '@longshore/middleware-core'
import type { SignedCookies } from '../signing/cookies.ts'
import { type SigningParameter, type SplitUrl, cookieParameters, splitUrl } from '../signing/query-parameters.ts'
import { type PublicKey, readPublicKey } from '../keys/public-key.ts'
import { MalformedPolicy, type ReadPolicy, readPolicy } from './read-policy.ts'
import { type Denial, refusalOf } from './denial.ts'

/** What a signed URL, or signed cookies, mean to CloudFront. */
export interface Explanation {
  /** Whether CloudFront would serve the request, as far as what was given can tell. */
  readonly allowed: boolean
  /** The first thing that CloudFront would stumble upon; undefined when it would serve the request. */
  readonly denial: Denial | undefined
  readonly keyPairId: string | undefined
  /** Default SHA1. */
  readonly hashAlgorithm: string
  /** Undefined when there is none, or none that can be read. */
  readonly policy: ExplainedPolicy | undefined
}

/** What a policy allows, by its text: whether that was signed by the right key is another question. */
export interface ExplainedPolicy {
  readonly kind: 'canned' | 'custom'
  /** The URL, or the pattern of URLs; undefined when it is every file of every distribution that trusts the key. */
  readonly resource: string | undefined
  /** From this moment on CloudFront refuses. Never later than the last moment that a Date can hold. */
  readonly expiresAt: Date
  /** Up to this second and through it CloudFront refuses. */
  readonly notBefore: Date | undefined
  /** The IPv4 block of the only clients that are served. */
  readonly ipAddress: string | undefined
}

export interface ExplainOptions {
  /** The moment of the request. Default: now. */
  readonly now?: Date | undefined
  /** Who asks. Without it the address is not checked. */
  readonly clientIp?: string | undefined
  /**
   * What is asked for with the cookies. Without it a custom policy's resource is not checked; a canned policy cannot do
   * without, because CloudFront makes its text from the URL.
   */
  readonly url?: string | URL | undefined
}

/** Signed cookies: a `Cookie` header, values by their names, or what `signCookies` gave. */
export type Cookies = string | Readonly<Record<string, string>> | SignedCookies

/**
 * Says what a signed URL or signed cookies allow, until when and for whom, and why CloudFront would refuse them.
 * `publicKeys` are those that the distribution trusts, by their IDs. A `ConfigError` when what is given here is wrong;
 * what is wrong with the URL or the cookies is the answer.
 */
export function explain(
  urlOrCookies: string | URL | Cookies,
  publicKeys: Readonly<Record<string, PublicKey>>,
  { now = new Date(), clientIp, url: asked }: ExplainOptions = {},
): Explanation {
  const keys = new Map(Object.entries(publicKeys).map(([id, key]) => [id, readPublicKey(key, `publicKeys.${id}`)]))
  const { url, parameters }: SplitRequest = isUrl(urlOrCookies)
    ? splitSent(urlOrCookies)
    : readCookies(urlOrCookies, asked)
  const keyPairId = parameters.get('Key-Pair-Id') || undefined
  const hashAlgorithm = parameters.get('Hash-Algorithm') ?? 'SHA1'
  const policy = tryPolicy(parameters, url)
  const request = { url, keyPairId, signature: parameters.get('Signature'), hashAlgorithm, policy }
  const denial = refusalOf(request, { keys, now: now.getTime(), clientIp })
  const explained = policy instanceof MalformedPolicy ? undefined : explainedPolicy(policy)
  return { allowed: denial === undefined, denial, keyPairId, hashAlgorithm, policy: explained }
}

function isUrl(given: string | URL | Cookies): given is string | URL {
  return given instanceof URL || (typeof given === 'string' && /^https?:\/\//i.test(given))
}

/** The URL as a client sends it. */
function splitSent(url: string | URL): SplitUrl {
  if (URL.canParse(String(url))) return splitUrl(new URL(url).href)
  throw optionError('url', 'found a text that is no URL; accepted: an http or https URL')
}

interface SplitRequest {
  readonly url: string | undefined
  readonly parameters: SplitUrl['parameters']
}

/** A URL with any signing parameter makes CloudFront ignore the cookies. */
function readCookies(cookies: Cookies, asked: string | URL | undefined): SplitRequest {
  const sent = asked === undefined ? undefined : splitSent(asked)
  if (sent && sent.parameters.size > 0) return sent
  const values = typeof cookies === 'object' && typeof cookies['cookies'] === 'object' ? cookies['cookies'] : cookies
  return { url: sent?.url, parameters: cookieParameters(values as string | Record<string, string>) }
}

function tryPolicy(
  parameters: ReadonlyMap<SigningParameter, string>,
  url: string | undefined,
): ReadPolicy | MalformedPolicy {
  if (url === undefined && parameters.has('Expires') && !parameters.has('Policy')) {
    throw optionError('url', 'missing; accepted: what is asked for, from which CloudFront makes a canned policy')
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

const lastSecond = 8_640_000_000_000n

function dateOf(seconds: bigint): Date {
  return new Date(Number(seconds > lastSecond ? lastSecond : seconds) * 1000)
}
