import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { registrySettings } from './registry-settings.ts'

/** Everything that Distribution's reference has for what this registry does, each with another value than the default. */
const everything = `
version: 0.1
log:
  accesslog: { disabled: true }
  level: debug
  formatter: json
  fields: { service: registry, environment: staging }
storage:
  inmemory:
  delete: { enabled: true }
  redirect: { disable: true }
  cache: { blobdescriptor: inmemory, blobdescriptorsize: 500 }
  maintenance:
    uploadpurging: { enabled: true, age: 48h, interval: 1h, dryrun: true }
    readonly: { enabled: false }
auth:
  token:
    autoredirect: true
    realm: https://auth.example.com/token
    service: registry.example.com
    issuer: auth.example.com
    rootcertbundle: /certs/bundle.pem
    jwks: /certs/jwks.json
    signingalgorithms: [ES256, EdDSA]
http:
  addr: localhost:5000
  net: tcp
  prefix: /my/nested/registry/
  host: https://registry.example.com:5000
  secret: asecretforlocaldevelopment
  relativeurls: false
  draintimeout: 60s
  tls:
    certificate: /certs/cert.pem
    key: /certs/key.pem
    clientcas: [/certs/ca.pem]
    minimumtls: tls1.3
    ciphersuites: [TLS_AES_256_GCM_SHA384]
  debug:
    addr: localhost:5001
    prometheus: { enabled: true, path: /numbers }
  headers: { X-Content-Type-Options: [nosniff] }
  http2: { disabled: true }
  h2c: { enabled: false }
tags: { immutable: ['v*', stable], maxtags: 20 }
catalog: { maxentries: 50 }
health: { storagedriver: { enabled: false, interval: 10s, threshold: 3 } }
`

describe('a configuration', () => {
  it('is read whole', () => {
    const config = parseConfig(everything)
    expect(registrySettings(config)).toEqual({
      address: { host: 'localhost', port: 5000 },
      tls: {
        certificate: '/certs/cert.pem',
        key: '/certs/key.pem',
        clientCas: ['/certs/ca.pem'],
        clientAuth: 'require-and-verify-client-cert',
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_AES_256_GCM_SHA384',
        http2: false,
      },
      http2: false,
      host: new URL('https://registry.example.com:5000'),
      prefix: '/my/nested/registry',
      headers: { 'X-Content-Type-Options': ['nosniff'] },
      secret: 'asecretforlocaldevelopment',
      drainTimeoutMs: 60_000,
      debug: { address: { host: 'localhost', port: 5001 }, prometheus: { enabled: true, path: '/numbers' } },
      deletes: true,
      redirects: false,
      readOnly: false,
      cache: { kind: 'inmemory', maxEntries: 500 },
      uploadPurging: { enabled: true, ageMs: 48 * 3_600_000, intervalMs: 3_600_000, dryRun: true },
      auth: {
        kind: 'token',
        realm: 'https://auth.example.com/token',
        redirectPath: '/auth/token',
        service: 'registry.example.com',
        issuers: ['auth.example.com'],
        rootCertBundle: '/certs/bundle.pem',
        jwks: '/certs/jwks.json',
        algorithms: ['ES256', 'EdDSA'],
      },
      log: {
        level: 'debug',
        formatter: 'json',
        fields: { service: 'registry', environment: 'staging' },
        accessLog: false,
      },
      maxCatalogEntries: 50,
      immutableTags: ['v*', 'stable'],
      maxTags: 20,
      requiredPlatforms: 'all',
      health: { asksStorage: false, intervalMs: 10_000, threshold: 3 },
    })
    expect(config.warnings).toEqual([])
  })

  it('has defaults for all of it', () => {
    const config = parseConfig('storage: inmemory')
    expect(registrySettings(config)).toEqual({
      address: { host: '127.0.0.1', port: 5000 },
      tls: undefined,
      http2: false,
      host: undefined,
      prefix: '',
      headers: {},
      secret: undefined,
      drainTimeoutMs: 5_000,
      debug: undefined,
      deletes: false,
      redirects: true,
      readOnly: false,
      cache: { kind: 'inmemory', maxEntries: 10_000 },
      uploadPurging: { enabled: true, ageMs: 168 * 3_600_000, intervalMs: 24 * 3_600_000, dryRun: false },
      auth: undefined,
      log: { level: 'info', formatter: 'text', fields: {}, accessLog: true },
      maxCatalogEntries: 1000,
      immutableTags: [],
      maxTags: undefined,
      requiredPlatforms: 'all',
      health: { asksStorage: true, intervalMs: 1000, threshold: 1 },
    })
    expect(config.warnings).toEqual([])
  })

  it('may limit lists by 0 and less, as in Distribution', () => {
    const read = (text: string) => registrySettings(parseConfig(`storage: inmemory\n${text}`))
    for (const n of [0, -1]) expect(read(`catalog: { maxentries: ${n} }`).maxCatalogEntries).toBe(1000)
    expect(read('tags: { maxtags: 0 }').maxTags).toBeUndefined()
    expect(() => read('tags: { maxtags: -1 }')).toThrow("tags.maxtags: found '-1'; accepted: a whole number from 0")
  })

  it('with mistakes is told of all of them at once, each with its line', () => {
    const text = `http:
  addr: nowhere
  adr: x
auth:
  htpasswd: { path: /htpasswd }
log:
  level: loud
storage:
  inmemory:
  delete: { enabled: perhaps }
`
    const read = (): unknown => registrySettings(parseConfig(text, { file: 'config.yml' }))
    expect(read).toThrow(/^config\.yml:3: http\.adr: unknown option; did you mean addr\?/m)
    expect(read).toThrow(/^config\.yml:2: http\.addr: found 'nowhere'; accepted: a host and a port/m)
    expect(read).toThrow(/^config\.yml:5: auth\.htpasswd\.realm: missing; accepted: printable ASCII characters/m)
    expect(read).toThrow(/^config\.yml:7: log\.level: found 'loud'; accepted: one of error, warn, info, debug/m)
    expect(read).toThrow(/^config\.yml:10: storage\.delete\.enabled: found 'perhaps'; accepted: true or false/m)
  })

  it('shows no secret in a mistake', () => {
    const text = 'http: { secret: [hunter2], tls: { certificate: hunter2 } }\nauth: { htpasswd: hunter2 }'
    const read = (): unknown => registrySettings(parseConfig(text))
    expect(read).toThrow('http.secret: found a value that is not shown here')
    expect(read).not.toThrow('hunter2')
  })
})
