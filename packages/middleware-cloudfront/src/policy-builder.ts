import { type UrlClient, option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { clientAddress } from './clients/client-address.ts'
import { type Lifetime, notBeforeOf } from './expiry.ts'
import { formatIp } from './clients/ip-address.ts'
import type { IpRanges } from './clients/ip-ranges.ts'
import { type Policy, cannedPolicy, customPolicy } from './signing/policy.ts'

/** The options that decide on the policy of pulls. */
export const policyOptions = {
  policy: z.prefault(option.choice(['canned', 'custom']), 'canned'),
  notBefore: z.optional(option.duration({ minMs: 1000 })),
  bindClientIp: z.prefault(option.boolean(), false),
  unboundClients: z.prefault(option.choice(['service', 'url']), 'service'),
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
export type PolicyBuilderOptions = PolicySettings & { readonly trustedProxies: IpRanges }

/** One pull, as far as its policy depends on it. */
export interface SignRequest {
  readonly resource: string
  /** Seconds since 1970. */
  readonly expires: number
  /** The caller's `expiresIn`, in seconds. */
  readonly expiresIn?: number | undefined
  /** Address of {@link PolicyBuilder.bindingFor}. */
  readonly address?: string | undefined
}

const unbound = { isPossible: true }

/** Builds the policy that a pull is signed with. */
export class PolicyBuilder {
  readonly #options: PolicyBuilderOptions
  readonly #lifetime: Lifetime

  constructor(options: PolicyBuilderOptions, lifetime: Lifetime) {
    this.#options = options
    this.#lifetime = lifetime
  }

  /** True where `*` and `?` of a URL would stand for other characters. */
  get isCustom(): boolean {
    return this.#options.policy === 'custom'
  }

  /** Binding of a URL for this client: to one address, to none, or impossible where it has to be bound and cannot be. */
  bindingFor(client: UrlClient | undefined): { address?: string | undefined; isPossible: boolean } {
    const { bindClientIp, unboundClients, trustedProxies } = this.#options
    if (!bindClientIp) return unbound
    const address = clientAddress(client, trustedProxies)
    if (address?.length === 1) return { address: formatIp(address), isPossible: true }
    return unboundClients === 'url' ? unbound : { isPossible: false }
  }

  /** The same for every pull of an object in a window, from the same address where that counts. */
  for({ resource, expires, expiresIn, address }: SignRequest): Policy {
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
