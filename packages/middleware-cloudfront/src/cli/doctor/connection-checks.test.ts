import { describe, expect, it } from '@jest/globals'
import { checkOptions } from '@longshore/middleware-core'
import { rsaKey } from '../../../test/signing-keys.ts'
import { cloudFrontOptions } from '../../options.ts'
import { type FindAddresses, connectionChecks } from './connection-checks.ts'

const given = { baseUrl: 'https://cdn.example.com', keyPairId: 'K1', privateKey: rsaKey().pem, policy: 'custom' }
const settings = (options: object) => checkOptions(cloudFrontOptions, { ...given, ...options }, { where: 'options' })
const signal = new AbortController().signal

describe('the check of IPv6', () => {
  const ipv4 = { address: '192.0.2.1', family: 4 }
  const ipv6 = { address: '2001:db8::1', family: 6 }
  const check = (found: Awaited<ReturnType<FindAddresses>>) =>
    connectionChecks(settings({ bindClientIp: true }), () => Promise.resolve(found)).find(({ name }) => name === 'ipv6')

  it('names a host with such addresses, to which no URL can be bound', async () => {
    expect(await check([ipv4, ipv6])?.run(signal)).toMatchObject({
      findings: [{ problem: { name: 'ipv6-bound' }, evidence: 'cdn.example.com has the address 2001:db8::1' }],
    })
    expect(await check([ipv4])?.run(signal)).toEqual({})
  })

  it('is left out where URLs are not bound', () => {
    expect(connectionChecks(settings({})).map(({ name }) => name)).toEqual(['connection', 'clock', 'https'])
  })
})
