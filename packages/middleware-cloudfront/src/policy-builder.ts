import { type UrlClient, option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { clientAddress } from './clients/client-address.ts'
import { type Lifetime, notBeforeOf } from './expiry.ts'
import { formatIp } from './clients/ip-address.ts'
import type { IpRanges } from './clients/ip-ranges.ts'
import type { IpFilterSettings } from './clients/options.ts'
import { type Policy, cannedPolicy, customPolicy } from './signing/policy.ts'

/** Options of the policy that a URL is signed with. */
export const policyOptions = {
  policy: z.prefault(option.choice(['canned', 'custom']), 'canned'),
  notBefore: z.optional(option.duration({ minMs: 1000 })),
  bindClientIp: z.prefault(option.boolean(), false),
  unboundClients: z.prefault(option.choice(['service', 'url']), 'service'),
  driverUrls: z.prefault(option.choice(['service', 'url']), 'service'),
}

/** Rules between these options and with the IP filter, whose clients get no URL but the driver's. */
export const policyRules = z.superRefine<Partial<PolicySettings & IpFilterSettings>>((given, context) => {
  const { policy, bindClientIp, driverUrls, ipFilteredBy = 'none' } = given
  const refuse = (name: string, accepted: string): void =>
    context.addIssue({ code: 'custom', path: [name], params: { accepted } })
  for (const name of ['notBefore', 'bindClientIp'] as const) {
    if (policy === 'canned' && given[name]) refuse(name, 'only with policy custom')
  }
  for (const name of ['unboundClients', 'driverUrls'] as const) {
    if (bindClientIp === false && given[name] === 'url') refuse(name, 'service; url only with bindclientip')
  }
  if (bindClientIp && driverUrls === 'service' && ipFilteredBy !== 'none') {
    refuse('ipFilteredBy', 'none; beside bindclientip another one only with driverurls url')
  }
})

type PolicySettings = z.output<z.ZodMiniObject<typeof policyOptions>>

/** Checked options, durations in milliseconds. */
export type PolicyBuilderOptions = PolicySettings & { readonly trustedProxies: IpRanges }

/** One URL to sign, as far as its policy depends on it. */
export interface SignRequest {
  readonly resource: string
  /** Seconds since 1970. */
  readonly expires: number
  /** Caller's `expiresIn`, in seconds. */
  readonly expiresIn?: number | undefined
  /** Address of {@link PolicyBuilder.bindingFor}. */
  readonly address?: string | undefined
}

const unbound = { isPossible: true }

/** Builds the policy of each URL. */
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

  /** True where the driver's own URLs, which are bound to no address, may be given to clients. */
  get allowsDriverUrls(): boolean {
    return !this.#options.bindClientIp || this.#options.driverUrls === 'url'
  }

  /** Binding of a URL for this client: to one address, to none, or impossible where it has to be bound and cannot be. */
  bindingFor(client: UrlClient | undefined): { address?: string | undefined; isPossible: boolean } {
    const { bindClientIp, unboundClients, trustedProxies } = this.#options
    if (!bindClientIp) return unbound
    const address = clientAddress(client, trustedProxies)
    if (address?.length === 1) return { address: formatIp(address), isPossible: true }
    return unboundClients === 'url' ? unbound : { isPossible: false }
  }

  /** Policy of one URL; the same for every request of an object in a window, from the same address where it is bound. */
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
