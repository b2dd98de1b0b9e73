import { option } from '@longshore/middleware-core'
import { z } from 'zod'
import { acceptedKeys } from './pem.ts'
import { distributionUrl } from './resource.ts'
import { hashAlgorithms } from './signer.ts'

/**
 * The middleware's options. Lengths of time have a unit in a configuration and are milliseconds once checked. The names
 * and defaults of Distribution's middleware hold, so its configuration files do too.
 */
export const cloudFrontOptions = z
  .object({
    /**
     * The distribution's URL: `https://d111111abcdef8.cloudfront.net`, or under a name of your own, with or without a path.
     * Without a scheme, https.
     */
    baseUrl: baseUrl(),
    /** The private key: RSA-2048 or EC P-256 in PEM, the path of the file or the text. */
    privateKey: option.secret(acceptedKeys),
    /** What opens the private key, when it is encrypted. */
    passphrase: option.secret('the passphrase of the private key').optional(),
    /** The ID under which CloudFront knows the public key. */
    keyPairId: option.text({
      accepted: 'the ID of a public key in CloudFront, such as K2JCJMDEHXQW5F',
      matches: text => /^[A-Za-z0-9_-]+$/.test(text),
    }),
    /** The hash under the signature. Default SHA1, which CloudFront takes for granted; SHA256 lengthens the URL. */
    hashAlgorithm: option.choice(hashAlgorithms).prefault('SHA1'),
    /** The longest that a URL works, at least 1s. Default 20m. */
    duration: option
      .duration()
      .refine(milliseconds => milliseconds >= 1000, { params: { accepted: 'a duration of 1s or more, such as 20m' } })
      .prefault('20m'),
    /**
     * How coarsely expiry is rounded down. During one window every process gives an object the same URL, and that works
     * for more than `duration` less the window. Rounded down to whole seconds; 0 and everything below a second mean one
     * second, CloudFront's own unit. Default a quarter of `duration`.
     */
    expiryWindow: option.duration({ zero: true }).optional(),
    /** How many objects' URLs are kept, 1 to 1,000,000; about 1 kB each. Default 10,000. */
    cacheSize: option.integer({ min: 1, max: 1_000_000, unit: 'URLs' }).prefault(10_000),
    /**
     * The distribution's Origin Path, when it has one. CloudFront puts it before every request's path, so it is taken off
     * the key. Default none.
     */
    originPath: option
      .text({ accepted: "the distribution's Origin Path, such as /docker", matches: text => !/[?#*]/.test(text) })
      .transform(text => text.replaceAll(/^\/+|\/+$/g, ''))
      .prefault('/'),
    /**
     * Bytes; what is larger is not served by CloudFront and gets the driver's own URL. Default 50,000,000,000, CloudFront's
     * limit for a cached object.
     */
    maxObjectSize: option.integer({ min: 1, max: Number.MAX_SAFE_INTEGER, unit: 'bytes' }).prefault(50_000_000_000),
  })
  .refine(({ duration, expiryWindow = 0 }) => expiryWindow < duration, {
    path: ['expiryWindow'],
    params: { accepted: 'a duration shorter than that of the option duration, or 0' },
  })

/** The options as a program writes them. */
export type CloudFrontOptions = z.input<typeof cloudFrontOptions>

/** The options once checked, with their defaults. */
export type CloudFrontSettings = z.output<typeof cloudFrontOptions>

function baseUrl(): z.ZodType<string, string> {
  const accepted =
    "the distribution's http or https URL without query or fragment, such as https://d111111abcdef8.cloudfront.net"
  return option
    .text({ accepted, matches: text => text.includes('@') || distributionUrl(text) !== undefined })
    .transform((text, context) => {
      const url = distributionUrl(text)
      if (url === undefined)
        context.addIssue(`found a URL that may hold a password, not shown here; accepted: ${accepted}`)
      return url ?? z.NEVER
    })
}
