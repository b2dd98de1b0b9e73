import { describe, expect, it } from '@jest/globals'
import { ipRangesJson, somePrefixes } from '../../test/ip-ranges.ts'
import { randomWords } from '../../test/random.ts'
import { type IpRangesFile, type IpRangesSelection, parseIpRangesFile } from './aws-ip-ranges-file.ts'
import { parseIp } from './ip-address.ts'

const all: IpRangesSelection = { regions: [], services: [] }

const ipv4 = (ip_prefix: unknown, region: unknown = 'us-east-1', service: unknown = 'AMAZON'): object => ({
  ip_prefix,
  region,
  service,
})

function read(prefixes: unknown, selection: Partial<IpRangesSelection> = {}, rest: object = {}): IpRangesFile {
  return parseIpRangesFile(JSON.stringify({ prefixes, ...rest }), { ...all, ...selection })
}

const has = ({ ranges }: IpRangesFile, text: string): boolean => ranges.has(parseIp(text) ?? [])

describe("a file of AWS's form", () => {
  it('counts every entry', () => {
    const prefixes = somePrefixes(randomWords(3), { ipv4: 1000, ipv6: 500 })
    const file = parseIpRangesFile(ipRangesJson(prefixes), all)
    expect(file).toMatchObject({ prefixCount: 1500, skippedCount: 0, unknown: [] })
  })

  it('counts the entries of the regions and services that are selection, in any case', () => {
    const entries = [
      ipv4('10.0.1.0/24', 'us-east-1', 'EC2'),
      ipv4('10.0.2.0/24', 'eu-central-1', 'EC2'),
      ipv4('10.0.3.0/24', 'eu-central-1', 'S3'),
      ipv4('10.0.4.0/24', 'GLOBAL', 'CLOUDFRONT'),
    ]
    const ipv6 = { ipv6_prefixes: [{ ipv6_prefix: '2001:db8::/32', region: 'EU-Central-1', service: 'EC2' }] }
    const inside = (selection: Partial<IpRangesSelection>): string[] => {
      const file = read(entries, selection, ipv6)
      return ['10.0.1.1', '10.0.2.1', '10.0.3.1', '10.0.4.1', '2001:db8::1'].filter(text => has(file, text))
    }
    expect(inside({})).toHaveLength(5)
    expect(inside({ regions: ['EU-CENTRAL-1'] })).toEqual(['10.0.2.1', '10.0.3.1', '2001:db8::1'])
    expect(inside({ regions: ['us-east-1', 'global'] })).toEqual(['10.0.1.1', '10.0.4.1'])
    expect(inside({ services: ['ec2'] })).toEqual(['10.0.1.1', '10.0.2.1', '2001:db8::1'])
    expect(inside({ regions: ['eu-central-1'], services: ['S3', 'CLOUDFRONT'] })).toEqual(['10.0.3.1'])
  })

  it('names what is selection and in no entry', () => {
    const file = read([ipv4('10.0.0.0/8')], { regions: ['us-east-1', 'eu-centrall-1'], services: ['EC2', 'AMAZON'] })
    expect(file.unknown).toEqual(['eu-centrall-1', 'ec2'])
    expect(read([ipv4('10.0.0.0/8')], { regions: ['mars-1'] })).toMatchObject({ prefixCount: 0, unknown: ['mars-1'] })
  })

  it('leaves out the entries whose prefix cannot be parsed, and keeps the rest', () => {
    const bad = ['10.1.0.0/33', '10.1.0.0.0/8', 'fe80::/200', '', 7, null, undefined].map(prefix => ipv4(prefix))
    const file = read([...bad, null, 'text', [], ipv4('10.0.0.0/8', 5, {}), ipv4('10.0.0.0/9')])
    expect(file).toMatchObject({ prefixCount: 2, skippedCount: 10 })
    expect([has(file, '10.200.0.0'), has(file, '11.0.0.0')]).toEqual([true, false])
    expect(read([...bad, ipv4('10.0.0.0/8', 5)], { regions: ['us-east-1'] }).prefixCount).toBe(0)
  })
})

describe('what is no such file', () => {
  it.each([
    ['', 'not JSON'],
    ['<html>secret</html>', 'not JSON'],
    ['{"prefixes": [', 'not JSON'],
    ['null', 'no address ranges'],
    ['[]', 'no address ranges'],
    ['{}', 'no address ranges'],
    ['{"prefixes": [], "ipv6_prefixes": []}', 'no address ranges'],
    ['{"prefixes": [{"ip_prefix": "all"}]}', 'no address ranges (invalid entries: 1)'],
    ['{"prefixes": {}}', 'prefixes is not a list'],
    ['{"prefixes": [], "ipv6_prefixes": "::/0"}', 'ipv6_prefixes is not a list'],
  ])('%j is refused', (text, message) => {
    expect(() => parseIpRangesFile(text, all)).toThrow(message)
    expect(() => parseIpRangesFile(text, all)).not.toThrow('secret')
  })
})
