import { describe, expect, it } from '@jest/globals'
import { hopsOfForwarded, hopsOfXForwardedFor, parseNode } from './client-forwarded.ts'
import { formatIp } from './ip-address.ts'

type Hops = Iterable<ReturnType<typeof parseNode>>

/** The hops as text; `?` for one without an address. */
function shown(hops: Hops | undefined): string[] | undefined {
  return hops && [...hops].map(hop => (hop ? formatIp(hop) : '?'))
}

describe('a node', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['192.0.2.1:_port', '192.0.2.1'],
    ['[2001:db8::1]', '2001:db8:0:0:0:0:0:1'],
    ['[2001:db8::1]:4711', '2001:db8:0:0:0:0:0:1'],
    ['2001:db8::1', '2001:db8:0:0:0:0:0:1'],
    ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
    ['[fe80::1%eth0]', 'fe80:0:0:0:0:0:0:1'],
  ])('%s has the address %s', (node, address) => {
    expect(formatIp(parseNode(node) ?? [])).toBe(address)
  })

  it.each(
    [
      ['', 'unknown', '_gazonk', '_gazonk:80', 'unknown:80', 'localhost', '192.0.2', '192.0.2.1:', '192.0.2.1:port'],
      [
        '192.0.2.1:123456',
        '[192.0.2.1]',
        '[2001:db8::1',
        '2001:db8::1]',
        '[]',
        '[]:80',
        '[2001:db8::1]80',
        '"192.0.2.1"',
      ],
    ].flat(),
  )('%j has none', node => {
    expect(parseNode(node)).toBeUndefined()
  })
})

describe('X-Forwarded-For', () => {
  it.each([
    ['192.0.2.1', ['192.0.2.1']],
    ['192.0.2.1, 192.0.2.2,192.0.2.3:80', ['192.0.2.3', '192.0.2.2', '192.0.2.1']],
    ['unknown, 192.0.2.1', ['192.0.2.1', '?']],
    [', ,192.0.2.1 ,\t,', ['192.0.2.1']],
    ['[2001:db8::1]:80', ['2001:db8:0:0:0:0:0:1']],
    [',', []],
    ['', []],
  ])('%j names its hops, the nearest first', (header, hops) => {
    expect(shown(hopsOfXForwardedFor(header))).toEqual(hops)
  })
})

describe('Forwarded', () => {
  it.each([
    ['for=192.0.2.1', ['192.0.2.1']],
    ['For="[2001:db8::1]:4711"', ['2001:db8:0:0:0:0:0:1']],
    ['for=192.0.2.1;proto=http;by=203.0.113.43', ['192.0.2.1']],
    ['by=203.0.113.43 ; FOR="192.0.2.1:80"', ['192.0.2.1']],
    ['for=192.0.2.1, for=192.0.2.2;host="a,b;for=c",for=unknown', ['?', '192.0.2.2', '192.0.2.1']],
    ['for=_hidden, proto=https', ['?', '?']],
    ['for="192.0.2.\\1"', ['192.0.2.1']],
    ['for=[2001:db8::1]:80', ['2001:db8:0:0:0:0:0:1']],
    [', for=192.0.2.1, ,', ['192.0.2.1']],
    ['for=192.0.2.1;', ['192.0.2.1']],
    ['', []],
  ])('%j names its hops, the nearest first', (header, hops) => {
    expect(shown(hopsOfForwarded(header))).toEqual(hops)
  })

  it.each(
    [
      [
        'for=',
        'for',
        '192.0.2.1',
        'for="192.0.2.1',
        'for=192.0.2.1"',
        'for=192.0.2.1 for=192.0.2.2',
        'for ="192.0.2.1"',
      ],
      ['for=192.0.2.1;for=192.0.2.2', 'for=192.0.2.1;FOR=192.0.2.1', 'for="a"b', 'for=192.0.2.1\n', '=192.0.2.1'],
    ].flat(),
  )('is malformed: %j', header => {
    expect(hopsOfForwarded(header)).toBeUndefined()
  })

  it.each([
    'for=192.0.2.1',
    'for="[2001:db8::1]:80"',
    'for="192.0.2.1:80";host="";proto=https',
    'for=192.0.2.1;by="_x"',
  ])('does not let an open quote swallow what a proxy adds: %s', added => {
    for (const forged of ['for="', 'for=198.51.100.1;by="', 'for=198.51.100.1;by="\\', 'for=198.51.100.1;host="x\\"']) {
      expect(hopsOfForwarded(`${forged}, ${added}`)).toBeUndefined()
    }
  })

  // These would take minutes if the time grew with the square of the length.
  it('is read in one pass, however it is made', () => {
    const spaces = ' '.repeat(1_000_000)
    expect(hopsOfForwarded(`for=192.0.2.1${spaces}x`)).toBeUndefined()
    expect(hopsOfForwarded(`for="${'\\"'.repeat(500_000)}`)).toBeUndefined()
    expect(hopsOfForwarded('for=192.0.2.1,'.repeat(100_000))).toHaveLength(100_000)
  })
})
