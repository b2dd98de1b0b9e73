import { describe, expect, it } from '@jest/globals'
import { type TestPrefix, formatWords, isIpv4, somePrefixes } from '../../test/ip-ranges.ts'
import { randomWords } from '../../test/random.ts'
import { parseIp } from './ip-address.ts'
import { parsePrefix } from './ip-prefix.ts'
import { IpRanges } from './ip-ranges.ts'

function rangesOf(...prefixes: string[]): IpRanges {
  return new IpRanges(prefixes.flatMap(text => parsePrefix(text) ?? []))
}

function has(ranges: IpRanges, text: string): boolean {
  const address = parseIp(text)
  return address !== undefined && ranges.has(address)
}

describe('ranges', () => {
  it('hold the addresses of their prefixes, from the first to the last', () => {
    const ranges = rangesOf('192.168.0.0/24', 'ff00::/16')
    for (const inside of ['192.168.0.0', '192.168.0.255', '::ffff:192.168.0.1', 'ff00::', 'ff00:ffff::1']) {
      expect([inside, has(ranges, inside)]).toEqual([inside, true])
    }
    for (const outside of ['192.167.255.255', '192.168.1.0', 'feff:ffff::', 'ff01::', '::c0a8:1']) {
      expect([outside, has(ranges, outside)]).toEqual([outside, false])
    }
  })

  it('hold nothing when there are none', () => {
    expect(has(rangesOf(), '0.0.0.0') || has(rangesOf(), '::')).toBe(false)
  })

  it('can hold everything of one family', () => {
    const all = rangesOf('0.0.0.0/0', '10.0.0.0/8')
    expect([has(all, '0.0.0.0'), has(all, '255.255.255.255'), has(all, '::1')]).toEqual([true, true, false])
    expect(has(rangesOf('::/0'), 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')).toBe(true)
  })

  it('become one when they overlap or touch', () => {
    expect(rangesOf('10.0.0.0/25', '10.0.0.128/25', '10.0.0.7', '10.0.1.0/24').size).toBe(1)
    expect(rangesOf('2001:db8::/33', '2001:db8:8000::/33', '2001:db7:ffff::/48').size).toBe(1)
    expect(rangesOf('10.0.0.0/25', '10.0.0.129/32').size).toBe(2)
    expect(rangesOf('255.255.255.255', '::/128', '0.0.0.0').size).toBe(3)
  })
})

it('answers like a scan of 15,000 prefixes, for 20,000 addresses at and around their edges', () => {
  const random = randomWords(7)
  const prefixes = somePrefixes(random, { ipv4: 10_000, ipv6: 5000 })
  const ranges = rangesOf(...prefixes.map(({ text }) => text))
  const scans = { ipv4: scanOf(prefixes.filter(isIpv4)), ipv6: scanOf(prefixes.filter(prefix => !isIpv4(prefix))) }
  let [inside, mistakes] = [0, 0]
  for (let attempt = 0; attempt < 20_000; attempt++) {
    const words = addressNear(prefixes[random() % prefixes.length] as TestPrefix, random)
    const isInside = (words.length === 1 ? scans.ipv4 : scans.ipv6)(words)
    const text = formatWords(words)
    if (has(ranges, text) !== isInside) mistakes++
    if (words.length === 1 && has(ranges, `::ffff:${text}`) !== isInside) mistakes++
    if (isInside) inside++
  }
  expect(mistakes).toBe(0)
  expect(inside).toBeGreaterThan(4000)
  expect(inside).toBeLessThan(16_000)
})

/** Looks at every prefix, bit by bit: an address is inside when its first bits are the prefix's. */
function scanOf(prefixes: readonly TestPrefix[]): (address: readonly number[]) => boolean {
  const size = prefixes[0]?.words.length ?? 1
  const masks = Uint32Array.from(
    prefixes.flatMap(({ words, bits }) => words.map((_, index) => maskOf(bits - index * 32))),
  )
  const wanted = Uint32Array.from(prefixes.flatMap(({ words }) => words)).map(
    (word, index) => word & (masks[index] ?? 0),
  )
  return address => {
    for (let start = 0; start < wanted.length; start += size) {
      let word = 0
      while (word < size && ((address[word] ?? 0) & (masks[start + word] ?? 0)) >>> 0 === wanted[start + word]) word++
      if (word === size) return true
    }
    return false
  }
}

/** A word whose first bits are set. */
function maskOf(bits: number): number {
  if (bits >= 32) return 0xffffffff
  return bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
}

/** Somewhere in the prefix, at one of its ends, or right outside. */
function addressNear({ words, bits }: TestPrefix, random: () => number): number[] {
  const kind = random() % 5
  const filled = words.map((word, index) => {
    const mask = maskOf(bits - index * 32)
    const host = kind === 0 ? random() : kind < 3 ? 0 : 0xffffffff
    return ((word & mask) | (host & ~mask)) >>> 0
  })
  return kind === 0 ? filled : moved(filled, [0, -1, 0, 1][kind - 1] ?? 0)
}

function moved(words: number[], by: number): number[] {
  const sum = words.reduce((total, word) => (total << 32n) | BigInt(word), 0n) + BigInt(by)
  return words.map((_, index) => Number((sum >> BigInt(32 * (words.length - 1 - index))) & 0xffffffffn))
}
