import { type SignedUrl, checkOptions, optionError } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { type SignedCookies, signCookies } from './signing/cookies.ts'
import { keyOptions, keyRules } from './keys/options.ts'
import { KeyRing } from './keys/key-ring.ts'
import { signUrl } from './signing/signed-url.ts'
import {
  type SigningOptions,
  needsCustomPolicy,
  policyOf,
  signableLiteral,
  signablePattern,
  signableUrl,
} from './signing/restrictions.ts'
import { resourceMatches } from './signing/wildcard.ts'

const signerOptions = z.object(keyOptions).check(keyRules)

/** Signing key: `privateKey`, `passphrase`, `keyPairId`, `sign`, `publicKey`, `keys` and `hashAlgorithm`. */
export type SignerOptions = z.input<typeof signerOptions>

/** Restrictions of a signed URL. */
export type UrlSigningOptions = SigningOptions & {
  /**
   * Pattern of the URLs that the signature opens, `https://d111111abcdef8.cloudfront.net/docs/*`: `*` stands for any
   * characters and `?` for one. Needs a custom policy. Default: the signed URL, and no other one.
   */
  readonly resource?: string | undefined
}

/** Restrictions of signed cookies. */
export type CookieSigningOptions = SigningOptions & {
  /**
   * True: the resource is a pattern, in which `*` stands for any characters and `?` for one, and needs a custom policy.
   * False: it is one URL, and the cookies open no other. Default: true when it has a `*`.
   */
  readonly isPattern?: boolean | undefined
}

/** Signs URLs and cookies for CloudFront, without any driver. */
export class Signer implements Disposable {
  readonly #keys: KeyRing

  /** Throws a `ConfigError` when an option or a key is wrong. */
  constructor(options: SignerOptions) {
    this.#keys = new KeyRing(checkOptions(signerOptions, options, { where: 'signer options' }))
  }

  /**
   * Signs `url`, percent-encoded as clients send it. Every call signs. Without `resource` the signature opens this URL alone.
   *
   * Throws a `ConfigError` when CloudFront would refuse the result, and for a URL with a query under a custom policy without
   * `resource`, which would open others. A failure of the option `sign` is a `StorageError`.
   */
  async signUrl(url: string | URL, { resource, ...options }: UrlSigningOptions): Promise<SignedUrl> {
    const isPattern = resource !== undefined
    const signable = !isPattern && needsCustomPolicy(options) ? signableLiteral(url) : signableUrl(url)
    const opened = isPattern ? signablePattern(resource, ['http', 'https', 'http*', '*']) : signable
    if (isPattern && !resourceMatches(opened, signable)) {
      throw optionError('resource', 'found a pattern that does not match the URL')
    }
    const { policy, expiresAt } = policyOf(opened, options, { isPattern, now: Date.now() })
    return { url: await signUrl(signable, policy, this.#keys.current), expiresAt, via: 'cloudfront' }
  }

  /**
   * Signs cookies that open `resource`: one URL, or a pattern of URLs under a custom policy. Errors as in {@link signUrl}.
   */
  async signCookies(
    resource: string | URL,
    { isPattern = String(resource).includes('*'), ...options }: CookieSigningOptions,
  ): Promise<SignedCookies> {
    const opened = isPattern
      ? signablePattern(String(resource), ['http', 'https', 'http*'])
      : needsCustomPolicy(options)
        ? signableLiteral(resource)
        : signableUrl(resource)
    const { policy, expiresAt } = policyOf(opened, options, { isPattern, now: Date.now() })
    return { cookies: await signCookies(policy, this.#keys.current), expiresAt }
  }

  /** Stops watching key files. A signer that lives as long as its process needs no disposal. */
  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]()
  }
}

/**
 * Creates a signer for programs that have no driver.
 *
 * ```ts
 * const signer = createSigner({ keyPairId: 'K2JCJMDEHXQW5F', privateKey: './key.pem' })
 * const { url } = await signer.signUrl('https://d111111abcdef8.cloudfront.net/film.mp4', { expiresIn: 3600 })
 * ```
 */
export function createSigner(options: SignerOptions): Signer {
  return new Signer(options)
}
