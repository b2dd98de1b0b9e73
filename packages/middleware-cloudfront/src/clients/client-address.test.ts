import { describe, expect, it } from '@jest/globals'
import type { UrlClient } from '@longshore/middleware-core'
import { clientAddress } from './client-address.ts'
import { formatIp } from './ip-address.ts'
import { parsePrefix } from './ip-prefix.ts'
import { IpRanges } from './ip-ranges.ts'

const proxies = new IpRanges(['10.0.0.0/8', '2001:db8:1::/48'].flatMap(text => parsePrefix(text) ?? []))

function addressOf(client: UrlClient | undefined, trusted = proxies): string | undefined {
  const address = clientAddress(client, trusted)
  return address && formatIp(address)
}

describe('without a trusted proxy', () => {
  it('the address is that of the connection', () => {
    expect(addressOf({ ip: '192.0.2.1' })).toBe('192.0.2.1')
    expect(addressOf({ ip: '::ffff:192.0.2.1' })).toBe('192.0.2.1')
    expect(addressOf({ ip: '[2001:db8::1]:4711' })).toBe('2001:db8:0:0:0:0:0:1')
  })

  it('a header changes nothing, whoever sent it', () => {
    const forged = { xForwardedFor: '198.51.100.1', forwarded: 'for=198.51.100.1' }
    expect(addressOf({ ip: '192.0.2.1', ...forged })).toBe('192.0.2.1')
    expect(addressOf({ ip: '10.0.0.1', ...forged }, new IpRanges([]))).toBe('10.0.0.1')
  })

  it.each([undefined, {}, { ip: undefined }, { ip: '' }, { ip: 'unknown' }, { xForwardedFor: '192.0.2.1' }])(
    'nobody knows the address of %j',
    client => expect(addressOf(client)).toBeUndefined(),
  )
})

describe('behind trusted proxies', () => {
  it.each<[string, UrlClient]>([
    ['one proxy', { xForwardedFor: '192.0.2.1' }],
    ['one proxy that says Forwarded', { forwarded: 'for="192.0.2.1:4711";proto=https' }],
    ['two proxies', { xForwardedFor: '192.0.2.1, 10.1.1.1' }],
    ['a proxy with IPv6', { xForwardedFor: '192.0.2.1, 2001:db8:1::7' }],
    ['a header line each', { xForwardedFor: ['192.0.2.1', '10.1.1.1'] }],
    ['a Forwarded line each', { forwarded: ['for=192.0.2.1', 'for=10.1.1.1'] }],
    ['two headers of one opinion', { xForwardedFor: '192.0.2.1', forwarded: 'for="[::ffff:192.0.2.1]"' }],
    ['a forged address before its own', { xForwardedFor: '198.51.100.1, 192.0.2.1, 10.1.1.1' }],
    ['a forged proxy before its own', { xForwardedFor: '198.51.100.1, 10.9.9.9, 192.0.2.1' }],
    ['a forged Forwarded before its own', { forwarded: 'for=198.51.100.1, for=192.0.2.1' }],
    ['nonsense before its own', { xForwardedFor: 'unknown, ;"", 192.0.2.1' }],
  ])('the client is the nearest that is not trusted: %s', (_, headers) => {
    expect(addressOf({ ip: '10.0.0.1', ...headers })).toBe('192.0.2.1')
    expect(addressOf({ ip: '::ffff:10.0.0.1', ...headers })).toBe('192.0.2.1')
  })

  it('the farthest is the client when all are trusted', () => {
    expect(addressOf({ ip: '10.0.0.1', xForwardedFor: '10.3.3.3, 10.2.2.2' })).toBe('10.3.3.3')
    expect(addressOf({ ip: '10.0.0.1' })).toBe('10.0.0.1')
    expect(addressOf({ ip: '10.0.0.1', xForwardedFor: '', forwarded: [] })).toBe('10.0.0.1')
  })

  it.each<[string, UrlClient]>([
    ['unknown', { xForwardedFor: 'unknown' }],
    ['hidden', { forwarded: 'for=_hidden' }],
    ['hidden behind a proxy', { xForwardedFor: '198.51.100.1, unknown, 10.1.1.1' }],
    ['in a malformed header', { forwarded: 'for=198.51.100.1;by=", for=192.0.2.1' }],
    ['in a header without it', { forwarded: 'proto=https' }],
    ['not the same in both headers', { xForwardedFor: '192.0.2.1', forwarded: 'for=198.51.100.1' }],
    ['in one header and hidden in the other', { xForwardedFor: 'unknown', forwarded: 'for=198.51.100.1' }],
  ])('nobody knows an address that is %s', (_, headers) => {
    expect(addressOf({ ip: '10.0.0.1', ...headers })).toBeUndefined()
  })
})
