import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { registrySettings } from './registry-settings.ts'

const warningsOf = (text: string): readonly string[] => {
  const config = parseConfig(`storage: inmemory\n${text}`)
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
    ['notifications: { endpoints: [{ name: a, url: http://localhost }] }', 'notifications'],
    ['health: { http: [{ uri: http://localhost }] }', 'health'],
    ['validation: { manifests: { indexes: { platforms: none } } }', 'validation.manifests.indexes'],
    ['compatibility: { schema1: { enabled: true } }', 'compatibility.schema1'],
    ['reporting: { bugsnag: { apikey: x } }', 'reporting'],
    ['log: { hooks: [{ type: mail }] }', 'log.hooks'],
  ])('is warned about otherwise: %s', (text, option) => {
    expect(warningsOf(text)).toEqual([expect.stringMatching(`^${option}: has no effect`)])
  })

  it.each([
    'validation: { disabled: true }',
    'health: { storagedriver: { enabled: true, interval: 10s, threshold: 3 } }',
    'notifications: { endpoints: [] }',
    'compatibility: { schema1: { enabled: false } }',
    'redis: { addr: "localhost:6379" }',
  ])('is not missed: %s', text => {
    expect(warningsOf(text)).toEqual([])
  })
})
