import { describe, expect, it } from '@jest/globals'
import { parsePrefix } from './ip-prefix.ts'

describe('a prefix', () => {
  it.each([
    ['192.0.2.0/24', [0xc0000200], [0xc00002ff]],
    ['192.0.2.77/24', [0xc0000200], [0xc00002ff]],
    ['192.0.2.1', [0xc0000201], [0xc0000201]],
    ['192.0.2.1/32', [0xc0000201], [0xc0000201]],
    ['0.0.0.0/0', [0], [0xffffffff]],
    ['255.255.255.255/1', [0x80000000], [0xffffffff]],
    ['::ffff:192.0.2.0/120', [0xc0000200], [0xc00002ff]],
    ['::ffff:192.0.2.1', [0xc0000201], [0xc0000201]],
    ['2001:db8::1', [0x20010db8, 0, 0, 1], [0x20010db8, 0, 0, 1]],
    ['2001:db8::/32', [0x20010db8, 0, 0, 0], [0x20010db8, 0xffffffff, 0xffffffff, 0xffffffff]],
    ['2001:db8:ffff::/45', [0x20010db8, 0xfff80000, 0, 0], [0x20010db8, 0xffffffff, 0xffffffff, 0xffffffff]],
    ['::/0', [0, 0, 0, 0], [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]],
    ['1::f/127', [0x10000, 0, 0, 14], [0x10000, 0, 0, 15]],
  ])('%s is read', (text, first, last) => {
    expect(parsePrefix(text)).toEqual({ first, last })
  })

  it.each(['', '/', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8 ', '10.0.0.0/ 8', '10.0.0.0/8/8'])(
    'is not %j',
    text => expect(parsePrefix(text)).toBeUndefined(),
  )

  it.each(['10.0.0/8', '10.0.0.0/0x8', '10.0.0.0/1e1', '::/129', '::/1234', '::ffff:10.0.0.0/95', 'all'])(
    'is not %j',
    text => expect(parsePrefix(text)).toBeUndefined(),
  )
})
