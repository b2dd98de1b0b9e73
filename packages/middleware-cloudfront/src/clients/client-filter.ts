import type { UrlClient } from '@longshore/middleware-core'
import { AwsIpRanges } from './aws-ip-ranges.ts'
import type { IpFilterSettings } from './options.ts'
import { clientAddress } from './client-address.ts'
import type { IpRanges } from './ip-ranges.ts'
import { warn } from '../warning.ts'

/** Filter of the clients inside AWS, which get the driver's own URL. */
export class ClientFilter implements AsyncDisposable {
  readonly #ranges: AwsIpRanges
  readonly #trustedProxies: IpRanges

  constructor(ranges: AwsIpRanges, trustedProxies: IpRanges) {
    this.#ranges = ranges
    this.#trustedProxies = trustedProxies
  }

  /** True when the client's address is known and inside the ranges; false for all while they are not loaded yet. */
  bypassesCloudFront(client: UrlClient | undefined): boolean {
    const address = clientAddress(client, this.#trustedProxies)
    return address !== undefined && this.#ranges.has(address)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ranges[Symbol.asyncDispose]()
  }
}

/** Creates the filter that the options ask for, and starts to load its ranges; undefined when they ask for none. */
export function clientFilter(settings: IpFilterSettings): ClientFilter | undefined {
  const { ipFilteredBy, awsRegion, services, ipRangesUrl: url, trustedProxies } = settings
  if (settings.updateFrenquency !== undefined) {
    warn('LONGSHORE_UPDATEFRENQUENCY', 'the option updatefrenquency is deprecated; use updatefrequency')
  }
  if (ipFilteredBy === 'none') return undefined
  const selection = { regions: ipFilteredBy === 'awsregion' ? awsRegion : [], services }
  const updateFrequency = settings.updateFrenquency ?? settings.updateFrequency
  return new ClientFilter(new AwsIpRanges({ url, selection, updateFrequency }), trustedProxies)
}
