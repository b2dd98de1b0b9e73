import type { IpAddress } from './ip-address.ts'
import type { IpPrefix } from './ip-prefix.ts'

/**
 * Fixed set of addresses, looked up by binary search. Its prefixes are merged into intervals that neither overlap nor touch, in
 * ascending order, each family in flat arrays.
 */
export class IpRanges {
  readonly #ipv4: Intervals
  readonly #ipv6: Intervals

  constructor(prefixes: Iterable<IpPrefix>) {
    const [ipv4, ipv6]: [IpPrefix[], IpPrefix[]] = [[], []]
    for (const prefix of prefixes) (prefix.first.length === 1 ? ipv4 : ipv6).push(prefix)
    this.#ipv4 = flatten(merged(ipv4), 1)
    this.#ipv6 = flatten(merged(ipv6), 4)
  }

  /** Number of intervals. */
  get size(): number {
    return this.#ipv4.size + this.#ipv6.size
  }

  has(address: IpAddress): boolean {
    const [word = 0] = address
    return address.length === 1 ? hasIpv4(this.#ipv4, word) : hasIpv6(this.#ipv6, address)
  }
}

function hasIpv4({ firsts, lasts, size }: Intervals, address: number): boolean {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((firsts[middle] as number) > address) high = middle
    else low = middle + 1
  }
  return low > 0 && (lasts[low - 1] as number) >= address
}

function hasIpv6({ firsts, lasts, size }: Intervals, address: IpAddress): boolean {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(firsts, middle, address) > 0) high = middle
    else low = middle + 1
  }
  return low > 0 && compareAt(lasts, low - 1, address) >= 0
}

/** Intervals of one family. Their bounds lie one after another, as many words each as an address has. */
interface Intervals {
  readonly size: number
  readonly firsts: Uint32Array
  readonly lasts: Uint32Array
}

function merged(prefixes: IpPrefix[]): IpPrefix[] {
  const intervals: IpPrefix[] = []
  for (const { first, last } of prefixes.toSorted((a, b) => compare(a.first, b.first))) {
    const before = intervals.at(-1)
    if (before === undefined || compare(first, successor(before.last)) > 0) intervals.push({ first, last })
    else if (compare(last, before.last) > 0) intervals.splice(-1, 1, { first: before.first, last })
  }
  return intervals
}

function flatten(intervals: IpPrefix[], words: number): Intervals {
  const size = intervals.length
  const firsts = new Uint32Array(size * words)
  const lasts = new Uint32Array(size * words)
  for (const [index, { first, last }] of intervals.entries()) {
    firsts.set(first, index * words)
    lasts.set(last, index * words)
  }
  return { size, firsts, lasts }
}

/** Next address; of the last address that address itself. */
function successor(address: IpAddress): IpAddress {
  const next = [...address]
  let word = next.findLastIndex(value => value !== 0xffffffff)
  if (word < 0) return address
  next[word] = (next[word] as number) + 1
  while (++word < next.length) next[word] = 0
  return next
}

function compare(a: IpAddress, b: IpAddress): number {
  for (let word = 0; word < a.length; word++) {
    const difference = (a[word] as number) - (b[word] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** Compares the bound at an index with an address: negative when the bound comes first. */
function compareAt(bounds: Uint32Array, index: number, address: IpAddress): number {
  for (let word = 0; word < 4; word++) {
    const difference = (bounds[index * 4 + word] as number) - (address[word] as number)
    if (difference !== 0) return difference
  }
  return 0
}
