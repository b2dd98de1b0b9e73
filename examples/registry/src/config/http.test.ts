import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { httpSettings } from './http.ts'

const settings = (http: string) => httpSettings(parseConfig(`http: ${http}`))

describe('where a registry listens', () => {
  it.each([
    [':5000', { host: '0.0.0.0', port: 5000 }],
    ['127.0.0.1:5001', { host: '127.0.0.1', port: 5001 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ["'[::1]:5000'", { host: '::1', port: 5000 }],
  ])('%s', (addr, address) => {
    expect(settings(`{ addr: ${addr} }`).address).toEqual(address)
  })

  it('is this machine alone by default', () => {
    expect(settings('{}').address).toEqual({ host: '127.0.0.1', port: 5000 })
  })

  it.each(['5000', 'localhost', ':99999', "'::1:5000'", 'http://localhost:5000'])('is not %s', addr => {
    expect(() => settings(`{ addr: ${addr} }`)).toThrow(/http\.addr: found .*; accepted: a host and a port/)
    expect(() => settings(`{ debug: { addr: ${addr} } }`)).toThrow(/http\.debug\.addr: found .*; accepted: a host/)
  })

  it('may be a Unix socket', () => {
    expect(settings('{ net: unix, addr: /run/registry.sock }').address).toEqual({ path: '/run/registry.sock' })
    expect(() => settings('{ net: unix }')).toThrow('http.addr: missing; accepted: the path of a socket')
    expect(() => settings('{ net: unix, addr: ":5000" }')).toThrow("http.addr: found ':5000'; accepted: the path of")
    expect(() => settings(`{ net: unix, addr: /${'a'.repeat(110)} }`)).toThrow('of at most 103 bytes')
    expect(() => settings('{ net: udp }')).toThrow("http.net: found 'udp'; accepted: one of tcp, unix")
  })
})

describe('what stands before /v2/', () => {
  it.each([
    ['/', ''],
    ['/registry', '/registry'],
    ['/my/registry/', '/my/registry'],
  ])('%s', (prefix, expected) => {
    expect(settings(`{ prefix: ${prefix} }`).prefix).toBe(expected)
  })

  it.each(['registry', '//', '/a b/', '/a?b', 'https://example.com/'])('is not %s', prefix => {
    expect(() => settings(`{ prefix: "${prefix}" }`)).toThrow(/http\.prefix: found .*; accepted: a path/)
  })
})

describe('headers', () => {
  it('may have several values', () => {
    expect(settings('{ headers: { Link: [a, b] } }').headers).toEqual({ Link: ['a', 'b'] })
  })

  it.each([
    ['{ "a b": [x] }', 'http.headers.a b: '],
    ['{ X-A: ["ä\\n"] }', 'http.headers.X-A: '],
    ['{ Content-Length: ["1"] }', 'http.headers.Content-Length: '],
    ['{ X-A: x }', 'http.headers.X-A: accepted: a list of texts'],
  ])('are not %s', (headers, message) => {
    expect(() => settings(`{ headers: ${headers} }`)).toThrow(message)
  })
})

describe('the server for operators', () => {
  it('is off without an address', () => {
    expect(settings('{ debug: { prometheus: { enabled: true } } }').debug).toBeUndefined()
  })

  it('has metrics only when they are wanted', () => {
    const debug = (text: string) => settings(`{ debug: { addr: ":5001", ${text} } }`).debug
    expect(debug('')?.prometheus).toEqual({ enabled: false, path: '/metrics' })
    expect(debug('prometheus: { enabled: true }')?.prometheus).toEqual({ enabled: true, path: '/metrics' })
    expect(() => debug('prometheus: { enabled: true, path: metrics }')).toThrow('accepted: a path, such as /metrics')
  })
})

describe('TLS', () => {
  const tls = (text: string) => settings(`{ tls: { certificate: /c, key: /k, ${text} } }`).tls

  it('is 1.2 or later, with ciphers that keep secrets for good, unless something else is wanted', () => {
    expect(tls('')).toMatchObject({ certificate: '/c', key: '/k', clientCas: [], minVersion: 'TLSv1.2' })
    expect(
      tls('')
        ?.ciphers.split(':')
        .every(name => /^(?:ECDHE-|TLS_)/.test(name)),
    ).toBe(true)
  })

  it('needs a certificate and a key', () => {
    expect(() => settings('{ tls: { certificate: /c } }')).toThrow('http.tls.key: missing')
    expect(() => settings('{ tls: { key: /k } }')).toThrow('http.tls.certificate: missing')
    expect(() => settings('{ tls: { certificate: } }')).toThrow('http.tls.certificate: missing')
  })

  it.each([
    ['minimumtls: ssl3', "http.tls.minimumtls: found 'ssl3'; accepted: one of tls1.0, tls1.1, tls1.2, tls1.3"],
    ['ciphersuites: [TLS_RSA_WITH_RC4_128_SHA]', 'http.tls.ciphersuites[0]: found'],
    ['clientauth: no-client-cert', 'accepted: one of request-client-cert, require-any-client-cert, verify'],
    ['letsencrypt: { cachefile: /cache }', 'http.tls.letsencrypt.cachefile: found'],
    ['letsencrypt: { email: a@example.com }', 'accepted: nothing; get the certificate with an ACME client'],
  ])('does not take %s', (text, message) => {
    expect(() => tls(text)).toThrow(message)
  })
})

describe('HTTP/2', () => {
  const tls = 'tls: { certificate: /c, key: /k }'
  it.each([
    ['{}', false],
    [`{ ${tls} }`, false],
    [`{ ${tls}, http2: { disabled: false } }`, true],
    [`{ ${tls}, http2: { disabled: true } }`, false],
    ['{ h2c: { enabled: true } }', true],
    ['{ h2c: { enabled: false }, http2: { disabled: true } }', false],
  ])('is spoken only where it is asked for: %s %s', (http, expected) => {
    const config = parseConfig(`http: ${http}`)
    const found = httpSettings(config)
    expect([found.http2, found.tls?.http2 ?? expected, config.warnings]).toEqual([expected, expected, []])
  })

  it.each([
    ['{ http2: { disabled: false } }', 'http.http2.disabled'],
    [`{ ${tls}, h2c: { enabled: true } }`, 'http.h2c.enabled'],
  ])('is asked for in vain: %s', (http, option) => {
    const config = parseConfig(`http: ${http}`)
    expect(httpSettings(config).http2).toBe(false)
    expect(config.warnings).toEqual([expect.stringContaining(`${option}: has no effect; with`)])
  })
})

it('says that URLs are absolute only with a host', () => {
  const config = parseConfig('http: { relativeurls: false }')
  httpSettings(config)
  expect(config.warnings).toEqual([expect.stringMatching(/http\.relativeurls: has no effect.* http\.host/)])
})
