import { type UrlClient, option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { clientAddress } from './client-address.ts'
import { type Lifetime, notBeforeOf } from './expiry.ts'
import { formatIp } from './ip-address.ts'
import type { IpRanges } from './ip-ranges.ts'
import { type Policy, cannedPolicy, customPolicy } from './policy.ts'
import { secondOrMore } from './second-or-more.ts'

/** The options that decide on the policy of pulls. */
export const policyOptions = {
  /** `canned`, which is short, or `custom`, which can say more. Default canned. */
  policy: z.prefault(option.choice(['canned', 'custom']), 'canned'),
  /**
   * Custom policies only. A URL does not work before it was made; this is how far an edge's clock may be behind this one's,
   * at least 1s. Default: it always works.
   */
  notBefore: z.optional(secondOrMore('5m')),
  /**
   * Custom policies only. A URL works only from the address that it was made for, as `client` and `trustedProxies` tell it.
   * CloudFront knows no IPv6 here: such a client's URL works from anywhere, and so does that of an unknown one. Default false.
   */
  bindClientIp: z.prefault(option.boolean(), false),
}

/** What these options demand of each other. */
export const policyRules = z.superRefine<Partial<PolicySettings>>((given, context) => {
  if (given.policy !== 'canned') return
  for (const name of ['notBefore', 'bindClientIp'] as const) {
    if (given[name]) context.addIssue({ code: 'custom', path: [name], params: { accepted: 'only with policy custom' } })
  }
})

type PolicySettings = z.output<z.ZodMiniObject<typeof policyOptions>>

/** The options once checked, lengths of time in milliseconds. */
export type PullPolicyOptions = PolicySettings & { readonly trustedProxies: IpRanges }

/** One pull, as far as its policy depends on it. */
export interface Pull {
  readonly resource: string
  /** Seconds since 1970. */
  readonly expires: number
  /** The caller's `expiresIn`, in seconds. */
  readonly expiresIn?: number | undefined
  /** What {@link PullPolicy.boundAddress} said. */
  readonly address?: string | undefined
}

/** Which policy pulls are signed with. */
export class PullPolicy {
  readonly #options: PullPolicyOptions
  readonly #lifetime: Lifetime

  constructor(options: PullPolicyOptions, lifetime: Lifetime) {
    this.#options = options
    this.#lifetime = lifetime
  }

  /**
   * The only address that a URL for this client shall work from. Undefined when it shall work from anywhere: policies know
   * IPv4 only, so a client whose address is of IPv6, or not known, is not bound.
   */
  boundAddress(client: UrlClient | undefined): string | undefined {
    if (!this.#options.bindClientIp) return undefined
    const address = clientAddress(client, this.#options.trustedProxies)
    return address?.length === 1 ? formatIp(address) : undefined
  }

  /** The same for every pull of an object in a window, from the same address where that counts. */
  for({ resource, expires, expiresIn, address }: Pull): Policy {
    const { policy, notBefore } = this.#options
    if (policy === 'canned') return cannedPolicy(resource, expires)
    return customPolicy({
      resource,
      expires,
      notBefore: notBefore && notBeforeOf(expires, notBefore / 1000, this.#lifetime, expiresIn),
      ipAddress: address && `${address}/32`,
    })
  }
}
