import dns from 'node:dns'
import { jest } from '@jest/globals'

/**
 * Makes names below `localhost` mean this machine, in this process, until `jest.restoreAllMocks`. RFC 6761 asks resolvers
 * for that, and a bucket in the host is such a name here, but glibc asks the network.
 */
export function resolveLocalhostNames(): void {
  const resolve = dns.lookup.bind(dns) as (name: string, ...rest: unknown[]) => void
  const lookup = (name: string, ...rest: unknown[]): void =>
    resolve(/(^|\.)localhost$/.test(name) ? '127.0.0.1' : name, ...rest)
  jest.spyOn(dns, 'lookup').mockImplementation(lookup)
}
