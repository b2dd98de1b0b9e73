import { describe, expect, it } from '@jest/globals'
import { checkOptions } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { thrownBy } from '../../test/thrown.ts'
import type { CloudFrontOptions } from '../index.ts'
import { type IpFilterSettings, ipFilterOptions, ipFilterRules } from './options.ts'
import { parseIp } from './ip-address.ts'

const schema = z.object(ipFilterOptions).check(ipFilterRules)
const check = (options: object): IpFilterSettings =>
  checkOptions(schema, options, { where: 'cloudfront options', locate: () => undefined })

describe('the options of the IP filter', () => {
  it('have these defaults', () => {
    const { trustedProxies, ipRangesUrl, ...rest } = check({})
    expect(rest).toEqual({ ipFilteredBy: 'none', awsRegion: [], services: [], updateFrequency: 43_200_000 })
    expect(ipRangesUrl.href).toBe('https://ip-ranges.amazonaws.com/ip-ranges.json')
    expect(trustedProxies.size).toBe(0)
  })

  it.each([
    ['', 'none'],
    ['  ', 'none'],
    ['None', 'none'],
    [' AWS ', 'aws'],
    ['aws', 'aws'],
  ])('take ipfilteredby %j for %s', (text, name) => {
    expect(check({ ipfilteredby: text }).ipFilteredBy).toBe(name)
  })

  it('has types that an editor completes', () => {
    const base = { baseUrl: 'https://d111111abcdef8.cloudfront.net' }
    const choices: CloudFrontOptions[] = [
      { ...base, ipFilteredBy: 'awsregion', policy: 'custom', unboundClients: 'url', driverUrls: 'url' },
      // @ts-expect-error: no such filter
      { ...base, ipFilteredBy: 'awsregions' },
      // @ts-expect-error: in another case
      { ...base, ipFilteredBy: 'AWS' },
    ]
    const input: z.input<typeof schema> = { ipFilteredBy: 'aws' }
    // @ts-expect-error: no such filter
    const wrong: z.input<typeof schema> = { ipFilteredBy: 'amazon' }
    expect(choices.map(({ ipFilteredBy }) => ipFilteredBy)).toEqual(['awsregion', 'awsregions', 'AWS'])
    expect(input).not.toEqual(wrong)
  })

  it.each(['us-east-1, GLOBAL ,,eu-central-1', ['us-east-1', ' GLOBAL', '', 'eu-central-1']])(
    'take %j for a list',
    awsregion => {
      const settings = check({ ipfilteredby: 'AWSRegion', awsregion, services: awsregion })
      expect(settings.ipFilteredBy).toBe('awsregion')
      expect(settings.awsRegion).toEqual(['us-east-1', 'GLOBAL', 'eu-central-1'])
      expect(settings.services).toEqual(settings.awsRegion)
    },
  )

  it('take proxies as addresses and blocks', () => {
    const { trustedProxies } = check({ trustedproxies: '10.0.0.0/8, 2001:db8::1' })
    const trusted = ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '11.0.0.0', '2001:db8::2'].filter(text =>
      trustedProxies.has(parseIp(text) ?? []),
    )
    expect(trusted).toEqual(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1'])
  })

  it('take the old spelling of updatefrequency', () => {
    expect(check({ updatefrenquency: '1h' }).updateFrenquency).toBe(3_600_000)
  })

  it('take a mirror of the ranges', () => {
    expect(check({ iprangesurl: 'http://mirror.test:8080/r.json' }).ipRangesUrl.href).toBe(
      'http://mirror.test:8080/r.json',
    )
  })

  it.each([
    [{ ipfilteredby: 'gcp' }, "ipfilteredby: found 'gcp'; accepted: one of none, aws, awsregion"],
    [{ ipfilteredby: true }, 'ipfilteredby: found true; accepted: one of none, aws, awsregion'],
    [{ ipfilteredby: 'awsregion' }, 'awsregion: missing; accepted: with ipfilteredby awsregion a list of AWS regions'],
    [{ ipfilteredby: 'awsregion', awsregion: '' }, 'awsregion: missing; accepted: with ipfilteredby awsregion a list'],
    [{ ipfilteredby: 'awsregion', awsregion: [] }, 'awsregion: found a list; accepted: with ipfilteredby awsregion a'],
    [{ awsregion: ' , ' }, "awsregion: found ' , '; accepted: a list of AWS regions"],
    [{ awsregion: 7 }, 'awsregion: found 7; accepted: a list of AWS regions'],
    [{ awsregion: 'eu-west-1;us-east-1' }, "awsregion: found 'eu-west-1;us-east-1'; accepted: a list of AWS regions"],
    [{ services: ['EC2', 3] }, 'services: found a list; accepted: a list of the services'],
    [
      { trustedproxies: '10.0.0.0/8,localhost' },
      "trustedproxies: found 'localhost' in the list; accepted: a list of IP",
    ],
    [{ trustedproxies: '10.0.0.0/33' }, "trustedproxies: found '10.0.0.0/33'; accepted: a list of IP addresses"],
    [{ updatefrequency: '0s' }, "updatefrequency: found '0s'; accepted: a duration with its unit, 1s or more"],
    [{ updatefrequency: 12 }, 'updatefrequency: found 12; accepted: a duration with its unit'],
    [{ updatefrequency: '999ms' }, "updatefrequency: found '999ms'; accepted: a duration with its unit, 1s or more"],
    [{ updatefrenquency: '-1h' }, "updatefrenquency: found '-1h'; accepted: a duration with its unit"],
    [{ iprangesurl: 'ftp://mirror.test/' }, "iprangesurl: found 'ftp://mirror.test/'; accepted: an http or https URL"],
    [{ iprangesurl: '/etc/ranges.json' }, "iprangesurl: found '/etc/ranges.json'; accepted: an http or https URL"],
  ])('%j is a mistake', (options, message) => {
    expect(thrownBy(() => check(options)).message).toContain(`cloudfront options.${message}`)
  })

  it.each(['https://me:hush@mirror.test/', new URL('https://me:hush@mirror.test/'), 'https://hush@mirror.test/'])(
    'show no password: %s',
    iprangesurl => {
      const { message } = thrownBy(() => check({ iprangesurl }))
      expect(message).toContain('iprangesurl: found a URL with a user name or a password')
      expect(message).not.toContain('hush')
    },
  )
})
