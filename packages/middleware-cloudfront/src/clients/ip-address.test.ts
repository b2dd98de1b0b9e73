import { describe, expect, it } from '@jest/globals'
import { isIP } from 'node:net'
import { randomWords } from '../../test/random.ts'
import { formatIp, parseIp } from './ip-address.ts'

describe('an address', () => {
  it.each([
    ['0.0.0.0', [0]],
    ['192.0.2.1', [0xc0000201]],
    ['255.255.255.255', [0xffffffff]],
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['2001:DB8::a', [0x20010db8, 0, 0, 10]],
    ['1::', [0x10000, 0, 0, 0]],
    ['1:2:3:4:5:6:7:8', [0x10002, 0x30004, 0x50006, 0x70008]],
    ['1:2:3:4:5:6:7::', [0x10002, 0x30004, 0x50006, 0x70000]],
    ['::2:3:4:5:6:7:8', [0x2, 0x30004, 0x50006, 0x70008]],
    ['64:ff9b::192.0.2.1', [0x64ff9b, 0, 0, 0xc0000201]],
    ['1:2:3:4:5:6:192.0.2.1', [0x10002, 0x30004, 0x50006, 0xc0000201]],
    ['fe80::1%eth0', [0xfe800000, 0, 0, 1]],
  ])('%s is read', (text, words) => {
    expect(parseIp(text)).toEqual(words)
  })

  it.each(['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1%eth0'])(
    'mapped to IPv6 is the IPv4 one: %s',
    text => {
      expect(parseIp(text)).toEqual([0xc0000201])
    },
  )

  it.each(
    [
      ['', ' ', '1', '1.2.3', '1.2.3.4.5', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.256', '1.2.3.04', '0x1.2.3.4'],
      [' 1.2.3.4', '1.2.3.4 ', '1.2.3.4/8', '1.2.3.4:80', '1.2.3.-4', '1.2.3.4%eth0', '١.2.3.4', 'localhost'],
      [
        ':',
        ':::',
        '1:',
        ':1',
        '1::2::3',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        '1:2:3:4:5:6:7:8::',
        '::1:2:3:4:5:6:7:8',
      ],
      ['12345::', '00001::', 'g::', '::1%', '%', '%eth0', '[::1]', '::1.2.3', '::1.2.3.4:5', '1:2:3:4:5:6:7:1.2.3.4'],
      ['::1.2.3.4.5', '1.2.3.4::', '::ffff:1.2.3.256', '::ffff:01.2.3.4', '1:2:3:4:5:1.2.3.4', '::a1.2.3.4'],
    ].flat(),
  )('is not %j', text => {
    expect(parseIp(text)).toBeUndefined()
  })

  it('is whatever Node takes for one, in 50,000 texts made of their parts', () => {
    const random = randomWords(1)
    const parts = ['0', '1', '9', '25', '255', '256', '01', 'f', 'ffff', '12345', '.', '.', '.', ':', ':', ':', '::']
    const mistaken: string[] = []
    let legal = 0
    for (let attempt = 0; attempt < 50_000; attempt++) {
      const pieces = Array.from({ length: 1 + (random() % 15) }, () => parts[random() % parts.length])
      // Every other text is nearly right, or else hardly any address came of it.
      const text =
        attempt % 2 ? pieces.join('') : pieces.filter(piece => /^\w+$/.test(piece ?? '')).join(attempt % 4 ? '.' : ':')
      if ((parseIp(text) !== undefined) !== (isIP(text) !== 0)) mistaken.push(text)
      if (isIP(text)) legal++
    }
    expect(mistaken).toEqual([])
    expect(legal).toBeGreaterThan(500)
  })
})

it('is written in one form, whatever it was read from', () => {
  expect(formatIp(parseIp('::ffff:192.0.2.1') ?? [])).toBe('192.0.2.1')
  expect(formatIp(parseIp('2001:0db8::A%eth0') ?? [])).toBe('2001:db8:0:0:0:0:0:a')
  const random = randomWords(2)
  for (let attempt = 0; attempt < 1000; attempt++) {
    const address = attempt % 2 ? [random()] : [random(), random(), random() >>> 20, random()]
    expect(parseIp(formatIp(address))).toEqual(address)
  }
})
