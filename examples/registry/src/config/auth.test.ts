import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { authSettings } from './auth.ts'

const settings = (auth: string, env: Record<string, string> = {}) =>
  authSettings(parseConfig(`storage: inmemory\nauth: ${auth}`, { file: 'config.yml', env }))

describe('who is let in', () => {
  it.each(['', '{}', '{ none: }'])('everybody: %s', auth => {
    expect(settings(auth)).toBeUndefined()
  })

  it('whoever has a password', () => {
    expect(settings('{ htpasswd: { realm: here, path: /htpasswd } }')).toEqual({
      kind: 'htpasswd',
      realm: 'here',
      path: '/htpasswd',
    })
  })

  it('whoever has a token, of one issuer or of several', () => {
    const token = 'realm: "https://a/t", service: s, jwks: /jwks'
    expect(settings(`{ token: { ${token}, issuer: i } }`)).toEqual({
      kind: 'token',
      realm: 'https://a/t',
      redirectPath: undefined,
      service: 's',
      issuers: ['i'],
      rootCertBundle: undefined,
      jwks: '/jwks',
      algorithms: expect.arrayContaining(['RS256', 'ES256', 'EdDSA', 'PS512']),
    })
    expect(settings(`{ token: { ${token}, issuer: [i, j] } }`)).toMatchObject({ issuers: ['i', 'j'] })
  })
})

describe('a mistake never lets everybody in', () => {
  const token = 'realm: "https://a/t", service: s, issuer: i'
  it.each([
    ['htpasswd', /config\.yml:2: auth: accepted: a mapping with one of htpasswd, token/],
    ['[htpasswd]', /config\.yml:2: auth: accepted: a mapping with one of htpasswd, token/],
    ['{ htpasswd: }', /config\.yml:2: auth\.htpasswd\.realm: missing/],
    ['{ htpasswd: {} }', /config\.yml:2: auth\.htpasswd\.realm: missing/],
    ['{ htpasswd: true }', /config\.yml:2: auth\.htpasswd: found a text; accepted: a mapping/],
    ['{ htpasswd: { realm: here } }', /config\.yml:2: auth\.htpasswd\.path: missing/],
    ['{ htpasswd: { realm: "hier ü", path: /p } }', /auth\.htpasswd\.realm: found .*; accepted: printable ASCII/],
    ['{ htpaswd: { realm: here, path: /p } }', /config\.yml:2: auth\.htpaswd: unknown; accepted: htpasswd, token/],
    ['{ silly: { realm: r, service: s } }', /config\.yml:2: auth\.silly: lets everybody in who says anything/],
    ['{ htpasswd: , token: }', /config\.yml:2: auth: found htpasswd and token; accepted: one of them/],
    [`{ token: { ${token} } }`, /auth\.token\.rootcertbundle: missing; accepted: a file, here or as jwks/],
    [
      `{ token: { ${token}, jwks: /j, signingalgorithms: [none] } }`,
      /auth\.token\.signingalgorithms\[0\]: found 'none'/,
    ],
    [
      `{ token: { ${token}, jwks: /j, signingalgorithms: [HS256, HS512] } }`,
      /auth\.token\.signingalgorithms: found a list; accepted: one of EdDSA, RS256.*: with a shared secret/,
    ],
    [
      `{ token: { realm: here, service: s, issuer: i, jwks: /j } }`,
      /auth\.token\.realm: found 'here'; accepted: the http/,
    ],
    [
      `{ token: { realm: "https://a", service: s, jwks: /j } }`,
      /auth\.token\.issuer: missing; accepted: a text, or a list/,
    ],
    [`{ token: { ${token.replace('issuer: i', 'issuer: []')}, jwks: /j } }`, /auth\.token\.issuer: found a list/],
  ])('%s', (auth, message) => {
    expect(() => settings(auth)).toThrow(message)
  })

  it('not even one in the environment', () => {
    expect(() => settings('', { REGISTRY_AUTH_HTPASWD_PATH: '/p' })).toThrow('auth.htpaswd: unknown')
    expect(() => settings('', { REGISTRY_AUTH_HTPASSWD_PATH: '/p' })).toThrow('auth.htpasswd.realm: missing')
  })
})

describe('options of Distribution that are right and do nothing', () => {
  const warningsOf = (options: string): readonly string[] => {
    const text = `auth: { token: { service: s, issuer: i, jwks: /j, ${options} } }`
    const config = parseConfig(text)
    authSettings(config)
    return config.warnings
  }

  it('are algorithms with a shared secret, beside others', () => {
    const config = parseConfig(
      'auth: { token: { realm: "https://a", service: s, issuer: i, jwks: /j, signingalgorithms: [EdDSA, HS256] } }',
    )
    expect(authSettings(config)).toMatchObject({ algorithms: ['EdDSA'] })
    expect(config.warnings).toEqual([
      expect.stringMatching(/: auth\.token\.signingalgorithms: HS256: has no effect.*; with a shared secret/),
    ])
  })

  it.each(['/auth/token', 'token-realm'])('are a realm that is no URL, with autoredirect: %s', realm => {
    expect(warningsOf(`realm: ${realm}, autoredirect: true`)).toEqual([
      expect.stringMatching(/: auth\.token\.realm: has no effect.*autoredirectpath$/),
    ])
    expect(() => warningsOf(`realm: ${realm}`)).toThrow(`auth.token.realm: found '${realm}'; accepted: the http or`)
  })

  it('are a path without autoredirect', () => {
    expect(warningsOf('realm: "https://a", autoredirectpath: /t')).toEqual([
      expect.stringMatching(/: auth\.token\.autoredirectpath: has no effect/),
    ])
    expect(warningsOf('realm: "https://a", autoredirectpath: /t, autoredirect: true')).toEqual([])
  })
})
