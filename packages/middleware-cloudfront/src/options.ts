import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { ipFilterOptions, ipFilterRules } from './clients/options.ts'
import { keyOptions, keyRules } from './keys/options.ts'
import { policyOptions, policyRules } from './policy-builder.ts'
import { distributionUrl } from './signing/url-encoding.ts'

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
    ...keyOptions,
    /** The longest that a URL works, at least 1s. Default 20m. */
    duration: z.prefault(option.duration({ minMs: 1000 }), '20m'),
    /**
     * How coarsely expiry is rounded down. During one window every process gives an object the same URL, and that works
     * for more than `duration` less the window. In whole seconds, CloudFront's unit: what is shorter counts as one. 0 keeps
     * no URLs: every call signs. Default a quarter of `duration`.
     */
    expiryWindow: z.optional(option.duration({ zero: true })),
    /** How many objects' URLs are kept, 1 to 1,000,000; about 1 kB each. Default 10,000. */
    cacheSize: z.prefault(option.integer({ min: 1, max: 1_000_000, unit: 'URLs' }), 10_000),
    /**
     * The distribution's Origin Path, when it has one. CloudFront puts it before every request's path, so it is taken off
     * the key. Default none.
     */
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
    /**
     * Bytes; what is larger is not served by CloudFront and gets the driver's own URL. Default 50,000,000,000, CloudFront's
     * limit for a cached object. A caller of `urlFor` who gives the `size` saves asking the driver for it; 0 never asks.
     */
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

/** The options as a program writes them. */
export type CloudFrontOptions = z.input<typeof cloudFrontOptions>

/** The options once checked, with their defaults. */
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
