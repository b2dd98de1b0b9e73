import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { registrySettings } from './registry-settings.ts'

const warningsOf = (text: string): readonly string[] => {
  const config = parseConfig(`storage: inmemory\n${text}`, { file: 'config.yml' })
  registrySettings(config)
  return config.warnings
}

describe('what is not here', () => {
  it.each([
    ['proxy: { remoteurl: "https://registry-1.docker.io" }', 'proxy.remoteurl'],
    ['validation: { manifests: { urls: { allow: ["^https://"] } } }', 'validation.manifests.urls.allow'],
    ['validation: { manifests: { urls: { deny: ["^http://"] } } }', 'validation.manifests.urls.deny'],
    ['policy: { repository: { classes: [image] } }', 'policy.repository.classes'],
  ])('stops the start where somebody may rely on it: %s', (text, option) => {
    expect(() => warningsOf(text)).toThrow(`${option}: `)
  })

  it('stops the start for all of it at once', () => {
    const text = 'proxy: { remoteurl: x }\npolicy: { repository: { classes: [x] } }\n'
    expect(() => warningsOf(text)).toThrow(/proxy\.remoteurl: [^]*policy\.repository\.classes: /)
  })

  it.each([
    ['notifications: { endpoints: [{ name: a, url: http://localhost }] }', 'notifications.endpoints'],
    ['health: { http: [{ uri: http://localhost }] }', 'health.http'],
    ['validation: { disabled: true }', 'validation.disabled'],
    ['compatibility: { schema1: { enabled: true } }', 'compatibility.schema1.enabled'],
    ['http: { http2: { disabled: false } }', 'http.http2.disabled'],
    ['log: { reportcaller: true }', 'log.reportcaller'],
    ['redis: { addrs: ["localhost:6379"] }', 'redis'],
    ['proxy: { cachewritetimeout: 5m }', 'proxy.cachewritetimeout'],
    ['http: { relativeurls: true, host: "https://example.com" }', 'http.relativeurls'],
    ['http: { debug: { prometheus: { enabled: true } } }', 'http.debug.prometheus'],
    ['reporting: { bugsnag: { apikey: x } }', 'reporting'],
    ['log: { hooks: [{ type: mail }] }', 'log.hooks'],
  ])('is warned about otherwise: %s', (text, option) => {
    expect(warningsOf(text)).toEqual([expect.stringMatching(`^config\\.yml:2: ${option}: has no effect; `)])
  })

  it.each([
    'validation: { enabled: true }',
    'health: { storagedriver: { enabled: true, interval: 10s, threshold: 3 } }',
    'notifications: { endpoints: [{ name: a, disabled: true }] }',
    'log: { reportcaller: false, hooks: [{ type: mail, disabled: true }] }',
    'http: { http2: { disabled: true }, relativeurls: true }',
    'compatibility: { schema1: { enabled: false } }',
  ])('is not missed: %s', text => {
    expect(warningsOf(text)).toEqual([])
  })
})

describe('validation that is turned off', () => {
  it('checks no URLs, so that what would check them is not missed', () => {
    const rules = 'manifests: { urls: { allow: ["^https://"] } }'
    expect(warningsOf(`validation: { disabled: true, ${rules} }`)).toEqual([
      expect.stringContaining('validation.disabled: has no effect'),
      expect.stringContaining('validation.manifests.urls.allow: has no effect; validation.disabled turns it off'),
    ])
    expect(() => warningsOf(`validation: { disabled: true, enabled: true, ${rules} }`)).toThrow('urls.allow: found')
  })
})
