import { describe, expect, it } from '@jest/globals'
import { checkOptions } from '@longshore/middleware-core'
import { thrownBy } from '../test/thrown.ts'
import { IpRanges } from './clients/ip-ranges.ts'
import { cloudFrontOptions } from './options.ts'

const required = { baseurl: 'd111111abcdef8.cloudfront.net', privatekey: '/etc/key.pem', keypairid: 'K2JCJMDEHXQW5F' }

const check = (options: object): unknown =>
  checkOptions(cloudFrontOptions, options, { where: 'cloudfront options', locate: () => undefined })

describe('the options', () => {
  it('have these defaults', () => {
    expect(check(required)).toEqual({
      baseUrl: 'https://d111111abcdef8.cloudfront.net/',
      privateKey: '/etc/key.pem',
      keyPairId: 'K2JCJMDEHXQW5F',
      hashAlgorithm: 'SHA1',
      duration: 1_200_000,
      cacheSize: 10_000,
      policy: 'canned',
      bindClientIp: false,
      originPath: '',
      maxObjectSize: 50_000_000_000,
      ipFilteredBy: 'none',
      awsRegion: [],
      services: [],
      updateFrequency: 43_200_000,
      ipRangesUrl: expect.any(URL),
      trustedProxies: expect.any(IpRanges),
      unboundClients: 'service',
      driverUrls: 'service',
    })
  })

  it('take texts, as a configuration file and the environment give them', () => {
    const texts = {
      hashalgorithm: 'sha256',
      duration: '1h30m',
      expirywindow: '0',
      cachesize: '5',
      originpath: '/docker/images/',
      maxobjectsize: '1000',
    }
    expect(check({ ...required, ...texts })).toMatchObject({
      hashAlgorithm: 'SHA256',
      duration: 5_400_000,
      expiryWindow: 0,
      cacheSize: 5,
      originPath: 'docker/images',
      maxObjectSize: 1000,
    })
  })

  it.each([
    [{ baseurl: undefined }, 'baseurl: missing; accepted: the distribution'],
    [{ baseurl: '' }, 'baseurl: missing; accepted: the distribution'],
    [{ privatekey: undefined }, 'privatekey: missing; accepted: an RSA private key of 2048 bits or an EC one on P-256'],
    [{ keypairid: undefined }, 'keypairid: missing; accepted: the ID of a public key in CloudFront'],
    [
      { baseurl: 'https://d1/?a=b' },
      "baseurl: found 'https://d1/?a=b'; accepted: the distribution's http or https URL",
    ],
    [{ baseurl: 'ftp://d1' }, "baseurl: found 'ftp://d1'; accepted: the distribution's http or https URL"],
    [{ keypairid: 'K2 ' }, "keypairid: found 'K2 '; accepted: the ID of a public key in CloudFront"],
    [{ keypairid: 12 }, 'keypairid: found 12; accepted: the ID of a public key in CloudFront'],
    [{ duration: 20 }, 'duration: found 20; accepted: a duration with its unit'],
    [{ duration: '20' }, "duration: found '20'; accepted: a duration with its unit"],
    [{ duration: '-20m' }, "duration: found '-20m'; accepted: a duration with its unit"],
    [{ duration: '0s' }, "duration: found '0s'; accepted: a duration with its unit"],
    [{ duration: '999ms' }, "duration: found '999ms'; accepted: a duration with its unit, 1s or more"],
    [
      { expirywindow: '20m' },
      "expirywindow: found '20m'; accepted: a duration shorter than that of the option duration",
    ],
    [{ hashalgorithm: 'MD5' }, "hashalgorithm: found 'MD5'; accepted: one of SHA1, SHA256"],
    [{ cachesize: 0 }, 'cachesize: found 0; accepted: a whole number from 1 to 1000000'],
    [{ maxobjectsize: '50GB' }, "maxobjectsize: found '50GB'; accepted: a whole number from 0"],
    [{ policy: 'open' }, "policy: found 'open'; accepted: one of canned, custom"],
    [{ notbefore: '5m' }, "notbefore: found '5m'; accepted: only with policy custom"],
    [
      { policy: 'custom', notbefore: '500ms' },
      "notbefore: found '500ms'; accepted: a duration with its unit, 1s or more",
    ],
    [{ bindclientip: 'true' }, "bindclientip: found 'true'; accepted: only with policy custom"],
    [{ sign: 'arn:aws:kms:key' }, 'sign: found a value that is not shown here; accepted: a function'],
    [{ originpath: '/a*' }, "originpath: found '/a*'; accepted: the distribution's Origin Path"],
    [{ keypairidd: 'K2' }, 'keypairidd: unknown option; did you mean keypairid?'],
  ])('%j is a mistake', (mistake, message) => {
    expect(thrownBy(() => check({ ...required, ...mistake })).message).toContain(`cloudfront options.${message}`)
  })

  it('take a list of keys in place of a single one', () => {
    const { baseurl } = required
    const keys = [
      { keypairid: 'K2', privatekey: '/new.pem' },
      { keypairid: 'K1', privatekey: '/old.pem', passphrase: 'p' },
    ]
    expect(check({ baseurl, keys })).toMatchObject({
      keys: [
        { keyPairId: 'K2', privateKey: '/new.pem' },
        { keyPairId: 'K1', privateKey: '/old.pem', passphrase: 'p' },
      ],
    })
    const told = (options: object): string => thrownBy(() => check(options)).message
    expect(told({ baseurl, keys: [{ keypairid: 'K2', privatekey: ['hush'] }] })).toMatch(
      /keys\[0\]\.privatekey: found a value that is not shown here; accepted: an RSA/,
    )
    expect(told({ baseurl, keys: [{ privatekey: '/a' }] })).toContain('keys[0].keypairid: missing; accepted: the ID')
    expect(told({ ...required, keys })).toContain('accepted: either this and its like, or the option keys')
  })

  it('tell of every mistake at once', () => {
    const error = thrownBy(() => check({ baseurl: 'ftp://d1', duration: 1, privatekey: 7 }))
    expect(error.message.split('\n')).toHaveLength(4)
  })

  it.each([
    { privatekey: ['hush'] },
    { passphrase: { hush: 'hush' } },
    { baseurl: 'https://me:hush@d1.cloudfront.net/' },
    { baseurl: 'https://me:hush@d1.cloudfront.net/?a' },
  ])('show no secret: %j', mistake => {
    const error = thrownBy(() => check({ ...required, ...mistake }))
    expect(error.message).toContain('accepted: ')
    expect(error.message).not.toContain('hush')
  })
})
