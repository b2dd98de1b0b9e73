import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core'
import { registrySettings } from './config.ts'

const settings = (text: string) => registrySettings(parseConfig(`storage: inmemory\n${text}`))

describe('where a registry listens', () => {
  it.each([
    [':5000', { host: '0.0.0.0', port: 5000 }],
    ['127.0.0.1:5001', { host: '127.0.0.1', port: 5001 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ["'[::1]:5000'", { host: '::1', port: 5000 }],
  ])('%s', (addr, address) => {
    expect(settings(`http: { addr: ${addr} }`).address).toEqual(address)
  })

  it('is this machine alone by default', () => {
    expect(settings('').address).toEqual({ host: '127.0.0.1', port: 5000 })
  })

  it.each(['5000', 'localhost', ':99999', "'::1:5000'", 'http://localhost:5000'])('is not %s', addr => {
    expect(() => settings(`http: { addr: ${addr} }`)).toThrow(/http\.addr: found .*; accepted: a host and a port/)
  })
})

it('reads what Distribution calls deletes and redirects', () => {
  expect(settings('')).toMatchObject({ deletes: false, redirects: true })
  const text = 'storage: { inmemory: {}, delete: { enabled: true }, redirect: { disable: true } }'
  expect(registrySettings(parseConfig(text))).toMatchObject({ deletes: true, redirects: false })
})

it('takes the other options of a Distribution configuration', () => {
  const http =
    '{ secret: s, relativeurls: true, headers: { X-Content-Type-Options: [nosniff] }, debug: { addr: ":5001" } }'
  expect(() => settings(`version: 0.1\nlog: { level: info }\nhttp: ${http}`)).not.toThrow()
})

describe('what would protect the registry, but does not exist', () => {
  it.each([
    ['auth: { htpasswd: { realm: r, path: /htpasswd } }', 'auth.htpasswd'],
    ['auth: { token: { realm: r } }', 'auth.token'],
    ['http: { tls: { certificate: /cert.pem } }', 'http.tls'],
  ])('stops the start: %s', (text, option) => {
    expect(() => settings(text)).toThrow(`${option}: `)
  })

  it.each([
    ['http: { prefix: /registry/ }', 'http.prefix'],
    ['proxy: { remoteurl: "https://registry-1.docker.io" }', 'proxy.remoteurl'],
  ])('stops the start as well where clients would find another registry than they look for: %s', (text, option) => {
    expect(() => settings(text)).toThrow(`${option}: `)
    expect(() => settings('http: { prefix: / }')).not.toThrow()
  })

  it('stops the start: read-only mode', () => {
    const text = 'storage: { inmemory: {}, maintenance: { readonly: { enabled: true } } }'
    expect(() => registrySettings(parseConfig(text))).toThrow('storage.maintenance.readonly.enabled: ')
    expect(() => registrySettings(parseConfig(text.replace('true', 'false')))).not.toThrow()
  })
})

describe('what has no effect', () => {
  const warningsOf = (text: string): readonly string[] => {
    const config = parseConfig(text)
    registrySettings(config)
    return config.warnings
  }

  it.each([
    ['storage: inmemory\nhttp: { headers: { X-Content-Type-Options: [nosniff] } }', 'http.headers'],
    ['storage: inmemory\nnotifications: { endpoints: [{ name: a, url: http://localhost }] }', 'notifications'],
    [
      'storage: { inmemory: {}, maintenance: { uploadpurging: { enabled: true, age: 168h } } }',
      'storage.maintenance.uploadpurging',
    ],
  ])('warns: %s', (text, option) => {
    expect(warningsOf(text)).toEqual([expect.stringMatching(`^${option}: has no effect`)])
  })

  it('warns of nothing else', () => {
    const storage = '{ inmemory: {}, maintenance: { uploadpurging: { enabled: false } } }'
    expect(warningsOf(`storage: ${storage}\nhttp: { addr: ":5000" }`)).toEqual([])
  })
})
