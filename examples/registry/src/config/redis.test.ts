import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { cacheSettings } from './cache.ts'
import { redisSettings } from './redis.ts'

const configOf = (redis: string) =>
  parseConfig(`storage: { inmemory: , cache: { blobdescriptor: redis } }\n${redis && `redis: { ${redis} }`}`)
const settings = (redis: string) => redisSettings(configOf(redis))

describe('redis', () => {
  it('is how Distribution 2 has it', () => {
    const text =
      'addr: "localhost:6379", password: s3cret, db: 3, dialtimeout: 10ms, readtimeout: 20ms, writetimeout: 30ms'
    const config = configOf(`${text}, tls: { enabled: false }`)
    expect(cacheSettings(config)).toEqual({
      kind: 'redis',
      redis: {
        addresses: [{ host: 'localhost', port: 6379 }],
        sentinel: undefined,
        username: undefined,
        password: 's3cret',
        db: 3,
        clientName: undefined,
        dialTimeoutMs: 10,
        commandTimeoutMs: 50,
        tls: undefined,
      },
    })
    expect(config.warnings).toEqual([])
  })

  it('is how Distribution 3 has it', () => {
    const text = 'addrs: ["a:1", "b:2"], mastername: main, sentinelpassword: other, username: ann, clientname: registry'
    expect(settings(`${text}, tls: { certificate: /c.pem, key: /k.pem, clientcas: [/ca.pem] }`)).toMatchObject({
      addresses: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      sentinel: { masterName: 'main', username: undefined, password: 'other' },
      username: 'ann',
      clientName: 'registry',
      tls: { client: { certificate: '/c.pem', key: '/k.pem' }, cas: ['/ca.pem'] },
    })
  })

  it.each([
    ['tls: { enabled: true }', { client: undefined, cas: [] }],
    ['tls: { clientcas: [/ca.pem] }', { client: undefined, cas: ['/ca.pem'] }],
    ['tls: { rootcas: [/ca.pem] }', { client: undefined, cas: ['/ca.pem'] }],
    ['tls: { enabled: false, clientcas: [/ca.pem] }', undefined],
  ])('speaks TLS or not: %s', (text, tls) => {
    expect(settings(`addr: "localhost:6379", ${text}`).tls).toEqual(tls)
  })

  it.each([
    'pool: { maxidle: 16 }',
    'poolsize: 64',
    'maxidleconns: 16',
    'connmaxidletime: 300s',
    'maxretries: 3',
    'routerandomly: true',
  ])('warns of what has no effect: %s', text => {
    const config = configOf(`addr: "localhost:6379", ${text}`)
    redisSettings(config)
    expect(config.warnings).toEqual([expect.stringMatching(/redis\.\w+: has no effect; one connection/)])
  })

  it.each([
    ['', 'redis.addrs: missing; storage.cache.blobdescriptor: redis needs an address'],
    [
      'addrs: ["a:1", "b:2"]',
      'redis.addrs: found several addresses; accepted: one, or those of Sentinels with mastername',
    ],
    [
      'addr: "localhost:6379", tls: { key: /k.pem }',
      'redis.tls: found a certificate or a key; accepted: both, or neither',
    ],
    ['addr: localhost', "redis.addr: found 'localhost'; accepted: a host and a port"],
    ['addr: "localhost:6379", db: -1', "redis.db: found '-1'"],
    ['adr: "localhost:6379"', 'redis.adr: unknown option; did you mean addr?'],
  ])('does not take "%s"', (text, message) => {
    expect(() => settings(text)).toThrow(message)
  })
})
