import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { ipFilterOptions, ipFilterRules } from './clients/options.ts'
import { keyOptions, keyRules } from './keys/options.ts'
import type { PublicKey } from './keys/public-key.ts'
import type { SignFunction } from './keys/sign-function.ts'
import { policyOptions, policyRules } from './policy-builder.ts'
import type { HashAlgorithm } from './signing/signing-key.ts'
import { distributionUrl } from './signing/url-encoding.ts'

/** One signing key of {@link CloudFrontOptions.keys}. */
export interface CloudFrontKeyOptions {
  /**
   * ID under which CloudFront knows the public key, such as `K2JCJMDEHXQW5F`. A line `Key-Pair-Id: ...` in the key's file
   * wins over it. Required unless `keys` is given.
   */
  keyPairId?: string | undefined
  /**
   * Private key: RSA with 2,048 bits or EC on P-256 in PEM (PKCS#1, PKCS#8 or SEC 1, encrypted or not), the path of the
   * file or the text. Line ends may be written as `\n` or blanks, and a file may be in UTF-16. A file is regular, at most
   * 64 KiB, and is read again when it changes. Required unless `sign` or `keys` is given.
   */
  privateKey?: string | undefined
  /** Passphrase of an encrypted private key. */
  passphrase?: string | undefined
  /** Function that signs in place of a private key, with a KMS or an HSM. */
  sign?: SignFunction | undefined
  /** Public half of the key with which `sign` signs: every signature is then verified before it is used. */
  publicKey?: PublicKey | undefined
}

/**
 * Options of the CloudFront middleware. The names and defaults of Distribution's middleware hold, so its configuration files
 * do too. A key is required: `keyPairId` with `privateKey` or `sign`, or a list of `keys`.
 */
export interface CloudFrontOptions extends CloudFrontKeyOptions {
  /**
   * URL of the distribution: `https://d111111abcdef8.cloudfront.net`, or under a name of your own, with or without a path.
   * Without a scheme, https. No user name, query or fragment. Required.
   */
  baseUrl: string
  /** Several keys in place of a single one, for rotation: the first usable one signs. */
  keys?: (CloudFrontKeyOptions & { keyPairId: string })[] | undefined
  /** Hash under the signature. Default `SHA1`, which CloudFront takes for granted; `SHA256` lengthens the URL. */
  hashAlgorithm?: HashAlgorithm | undefined
  /**
   * Longest lifetime of a URL with its unit, at least `1s`. CloudFront looks at it when a request arrives, so it must also
   * cover a client's last retry. Default `20m`.
   */
  duration?: string | undefined
  /**
   * Window to which expiry is rounded down. During one window every process gives an object the same URL, and that works
   * for more than `duration` less the window. In whole seconds, CloudFront's unit: a shorter one counts as one. `0` keeps
   * no URLs: every call signs. Default: a quarter of `duration`.
   */
  expiryWindow?: string | undefined
  /** Number of objects whose URLs are kept, 1 to 1,000,000; about 1 kB each. Default 10,000. */
  cacheSize?: number | undefined
  /**
   * Origin Path of the distribution, when it has one. CloudFront puts it before every request's path, so it is taken off
   * the key. An object outside of it gets the driver's own URL. Default: none.
   */
  originPath?: string | undefined
  /**
   * Size in bytes above which an object gets the driver's own URL. Default 50,000,000,000, CloudFront's limit for a cached
   * object. A caller of `urlFor` who gives the `size` saves asking the driver for it; 0 never asks.
   */
  maxObjectSize?: number | undefined
  /** Kind of policy: `canned`, which is short, or `custom`, which can say more. Default `canned`. */
  policy?: 'canned' | 'custom' | undefined
  /**
   * Custom policies only. A URL does not work before it was made; this is how far an edge's clock may be behind this one's,
   * at least `1s`. Default: it always works.
   */
  notBefore?: string | undefined
  /**
   * Custom policies only. A URL works only from the IPv4 address that it was made for, as `client` and `trustedProxies` tell
   * it: not for clients behind changing addresses. Default false.
   */
  bindClientIp?: boolean | undefined
  /**
   * With `bindClientIp`: answer to a client to whose address no URL can be bound, because it is not known for certain or of
   * IPv6, which CloudFront does not know here. `service`: no URL, so the service sends the file itself. `url`: one that
   * works from anywhere. Default `service`: a client must not be able to free itself by hiding its address.
   */
  unboundClients?: 'service' | 'url' | undefined
  /**
   * With `bindClientIp`: answer where the driver's own URL is due, which works from anywhere: for `maxObjectSize`,
   * `originPath`, `ipFilteredBy` and downloads. `service`: no URL, so the service sends the file itself. `url`: the
   * driver's. Default `service`.
   */
  driverUrls?: 'service' | 'url' | undefined
  /**
   * Clients that get the driver's own URL: `none`; `aws`, those with an address of AWS's; `awsregion`, those with one of
   * the regions in `awsRegion`. Default `none`.
   */
  ipFilteredBy?: 'none' | 'aws' | 'awsregion' | undefined
  /**
   * Regions of `ipFilteredBy: 'awsregion'`, which requires it: a list, or a text with commas in between. `GLOBAL` stands for
   * addresses of no region, and counts only when it is listed.
   */
  awsRegion?: string | readonly string[] | undefined
  /**
   * Services whose addresses count, as AWS's file names them: `EC2,S3`. Default: all, as in Distribution; every entry is
   * under `AMAZON`, and a client whose service is not listed would only be sent to CloudFront. `EC2` is the narrowest that
   * is useful.
   */
  services?: string | readonly string[] | undefined
  /** Time between two refreshes of the address ranges with its unit, `1s` to 24.8 days: longer counts as that. Default `12h`. */
  updateFrequency?: string | undefined
  /** Distribution's old spelling of `updateFrequency`. It still works, with a warning, and wins when both are there. */
  updateFrenquency?: string | undefined
  /**
   * URL of AWS's address ranges, http or https without a password. Redirects are not followed; an answer has at most 16 MiB
   * and takes at most 30 s. Default `https://ip-ranges.amazonaws.com/ip-ranges.json`.
   */
  ipRangesUrl?: string | URL | undefined
  /**
   * Proxies that are trusted to tell whom they forward for, in `X-Forwarded-For` or `Forwarded`: addresses and CIDR blocks.
   * Default: none; the address that counts is that of the connection.
   */
  trustedProxies?: string | readonly string[] | undefined
}

/** Schema of {@link CloudFrontOptions}. Lengths of time have a unit and are milliseconds once checked. */
export const cloudFrontOptions = z
  .object({
    baseUrl: baseUrl(),
    ...keyOptions,
    duration: z.prefault(option.duration({ minMs: 1000 }), '20m'),
    expiryWindow: z.optional(option.duration({ zero: true })),
    cacheSize: z.prefault(option.integer({ min: 1, max: 1_000_000, unit: 'URLs' }), 10_000),
    originPath: z.prefault(
      z.pipe(
        option.text({
          accepted: "the distribution's Origin Path, such as /docker",
          matches: text => !/[?#*]/.test(text),
        }),
        z.transform(text => text.replaceAll(/^\/+|\/+$/g, '')),
      ),
      '/',
    ),
    maxObjectSize: z.prefault(option.integer({ min: 0, max: Number.MAX_SAFE_INTEGER, unit: 'bytes' }), 50_000_000_000),
    ...policyOptions,
    ...ipFilterOptions,
  })
  .check(
    z.refine(({ duration, expiryWindow = 0 }) => expiryWindow < duration, {
      path: ['expiryWindow'],
      params: { accepted: 'a duration shorter than that of the option duration, or 0' },
    }),
    ipFilterRules,
    keyRules,
    policyRules,
  )

/** Checked options, with their defaults. */
export type CloudFrontSettings = z.output<typeof cloudFrontOptions>

function baseUrl(): z.ZodMiniType<string, string> {
  const accepted =
    "the distribution's http or https URL without query or fragment, such as https://d111111abcdef8.cloudfront.net"
  return z.pipe(
    option.text({ accepted, matches: text => text.includes('@') || distributionUrl(text) !== undefined }),
    z.transform((text, { issues }) => {
      const url = distributionUrl(text)
      if (url !== undefined) return url
      const message = `found a URL that may hold a password, not shown here; accepted: ${accepted}`
      issues.push({ code: 'custom', input: text, message })
      return z.NEVER
    }),
  )
}
