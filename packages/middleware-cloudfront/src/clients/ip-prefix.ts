import { type IpAddress, parseIp } from './ip-address.ts'

/** Block of addresses that share their first bits, from the first to the last, both included. */
export interface IpPrefix {
  readonly first: IpAddress
  readonly last: IpAddress
}

/** Length in bits of the prefix of IPv4-mapped IPv6 addresses, `::ffff:0:0/96`. */
const MAPPED_PREFIX_BITS = 96

/**
 * Parses a block in CIDR notation (`192.0.2.0/24`, `2001:db8::/32`) or a single address. Bits behind the prefix do not
 * count. Undefined for everything else.
 */
export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/')
  const address = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  if (slash < 0) return { first: address, last: address }
  const digits = text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(digits)) return undefined
  const isMapped = address.length === 1 && text.includes(':')
  const bits = Number(digits) - (isMapped ? MAPPED_PREFIX_BITS : 0)
  return bits < 0 || bits > address.length * 32 ? undefined : prefixOf(address, bits)
}

function prefixOf(address: IpAddress, bits: number): IpPrefix {
  const hostMasks = address.map((_, word) => hostMask(Math.min(32, Math.max(0, bits - word * 32))))
  return {
    first: address.map((word, index) => (word & ~(hostMasks[index] as number)) >>> 0),
    last: address.map((word, index) => (word | (hostMasks[index] as number)) >>> 0),
  }
}

/** Word with every bit set but the first `bits`. */
function hostMask(bits: number): number {
  return 2 ** (32 - bits) - 1
}
