import { type SignedUrl, checkOptions, optionError } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { type SignedCookies, signCookies } from './signing/cookies.ts'
import { keyOptions, keyRules } from './keys/options.ts'
import { KeyRing } from './keys/key-ring.ts'
import { signUrl } from './signing/signed-url.ts'
import { escapeWildcards } from './signing/url-encoding.ts'
import { type SigningOptions, policyOf, signablePattern, signableUrl } from './signing/restrictions.ts'
import { resourceMatches } from './signing/wildcard.ts'

const signerOptions = z.object(keyOptions).check(keyRules)

/** With which key to sign: the options `privateKey`, `passphrase`, `keyPairId`, `sign`, `keys` and `hashAlgorithm`. */
export type SignerOptions = z.input<typeof signerOptions>

/** What a signed URL allows. */
export type UrlSigningOptions = SigningOptions & {
  /**
   * The pattern of URLs that the signature opens, `https://d111111abcdef8.cloudfront.net/docs/*`; asks for a custom policy.
   * Default: the signed URL, and no other one.
   */
  readonly resource?: string | undefined
}

/** Signs URLs and cookies for CloudFront, without any driver. */
export class Signer implements Disposable {
  readonly #keys: KeyRing

  /** Throws a `ConfigError` when an option or a key is wrong. */
  constructor(options: SignerOptions) {
    this.#keys = new KeyRing(checkOptions(signerOptions, options, { where: 'signer options' }))
  }

  /**
   * `url`, percent-encoded as clients send it, with a signature. Every call signs. A `ConfigError` when CloudFront would
   * refuse the result; a failure of the option `sign` is a `StorageError`.
   */
  async signUrl(url: string | URL, { resource, ...terms }: UrlSigningOptions): Promise<SignedUrl> {
    const isCustom = terms.notBefore !== undefined || terms.ipAddress !== undefined || terms.policy === 'custom'
    // In a custom policy a `*` of the file's own name would open other files.
    const sent = resource === undefined && isCustom ? escapeWildcards(signableUrl(url)) : signableUrl(url)
    const pattern = resource === undefined ? sent : signablePattern(resource, ['http', 'https', 'http*', '*'])
    if (!resourceMatches(pattern, sent)) throw optionError('resource', 'found a pattern that does not match the URL')
    const { policy, expiresAt } = policyOf(pattern, terms, { isPattern: resource !== undefined, now: Date.now() })
    return { url: await signUrl(sent, policy, this.#keys.current), expiresAt, via: 'cloudfront' }
  }

  /**
   * Cookies that open `resource`: one URL or, with a custom policy, a pattern of URLs. What has a `*` is a pattern; `?`
   * stands for a character only with `policy: 'custom'`.
   */
  async signCookies(resource: string | URL, terms: SigningOptions): Promise<SignedCookies> {
    const text = String(resource)
    const isPattern = text.includes('*') || terms.policy === 'custom'
    const opened = isPattern ? signablePattern(text, ['http', 'https', 'http*']) : signableUrl(text)
    const { policy, expiresAt } = policyOf(opened, terms, { isPattern, now: Date.now() })
    return { cookies: await signCookies(policy, this.#keys.current), expiresAt }
  }

  /** Ends the looking after key files. A signer that lives as long as its process needs no disposal. */
  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]()
  }
}

/**
 * A signer for programs that have no driver.
 *
 * ```ts
 * const signer = createSigner({ keyPairId: 'K2JCJMDEHXQW5F', privateKey: './key.pem' })
 * const { url } = await signer.signUrl('https://d111111abcdef8.cloudfront.net/film.mp4', { expiresIn: 3600 })
 * ```
 */
export function createSigner(options: SignerOptions): Signer {
  return new Signer(options)
}
