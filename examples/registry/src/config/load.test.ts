import { describe, expect, it } from '@jest/globals'
import { temporaryFolder } from '../../test/support/folder.ts'
import { loadRegistryConfig } from './load.ts'
import { registrySettings } from './registry-settings.ts'

const folder = temporaryFolder()

async function settings(text: string, env: Record<string, string>) {
  const file = await folder.write('config.yml', `storage: inmemory\n${text}`)
  return registrySettings(await loadRegistryConfig(file, { env }))
}

const htpasswd = { kind: 'htpasswd', realm: 'Registry Realm', path: '/auth/htpasswd' }

describe('the environment', () => {
  it('chooses who is let in as it does for Distribution', async () => {
    const env = {
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
      REGISTRY_AUTH_HTPASSWD_PATH: '/auth/htpasswd',
    }
    expect((await settings('', env)).auth).toEqual(htpasswd)
    expect((await settings('auth: { token: { realm: "https://a" } }', env)).auth).toEqual(htpasswd)
    const { REGISTRY_AUTH: _chosen, ...rest } = env
    expect((await settings('', rest)).auth).toEqual(htpasswd)
    expect((await settings('auth: { htpasswd: { realm: other, path: /other } }', rest)).auth).toEqual(htpasswd)
    const whole = { REGISTRY_AUTH: '{ htpasswd: { realm: Registry Realm, path: /auth/htpasswd } }' }
    expect((await settings('', whole)).auth).toEqual(htpasswd)
  })

  it('does not let everybody in by a choice without its options', async () => {
    await expect(settings('', { REGISTRY_AUTH: 'htpasswd' })).rejects.toThrow(
      /^REGISTRY_AUTH: auth\.htpasswd\.realm: missing/,
    )
  })

  it('gives the options of tokens', async () => {
    const env = {
      REGISTRY_AUTH: 'token',
      REGISTRY_AUTH_TOKEN_REALM: 'https://auth.example.com',
      REGISTRY_AUTH_TOKEN_SERVICE: 's',
      REGISTRY_AUTH_TOKEN_ISSUER: '0123',
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: '/bundle',
      REGISTRY_AUTH_TOKEN_AUTOREDIRECT: 'true',
      REGISTRY_AUTH_TOKEN_SIGNINGALGORITHMS: '[ES256]',
    }
    expect((await settings('', env)).auth).toMatchObject({
      kind: 'token',
      issuers: ['0123'],
      redirectPath: '/auth/token',
      algorithms: ['ES256'],
    })
  })

  it('gives the options of http and the rest', async () => {
    const env = {
      REGISTRY_HTTP_ADDR: ':5001',
      REGISTRY_HTTP_HOST: 'https://registry.example.com',
      REGISTRY_HTTP_SECRET: '0123',
      REGISTRY_HTTP_TLS_CERTIFICATE: '/c',
      REGISTRY_HTTP_TLS_KEY: '/k',
      REGISTRY_HTTP_TLS_CLIENTCAS_0: '/ca',
      REGISTRY_HTTP_HEADERS: '{ X-A: [b] }',
      REGISTRY_HTTP_DEBUG_ADDR: ':5002',
      REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: 'true',
      REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true',
      REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE: '1h',
      REGISTRY_LOG_LEVEL: 'warn',
      REGISTRY_LOG_FIELDS_SERVICE: 'registry',
    }
    expect(await settings('', env)).toMatchObject({
      address: { host: '0.0.0.0', port: 5001 },
      host: new URL('https://registry.example.com'),
      secret: '0123',
      tls: { certificate: '/c', key: '/k', clientCas: ['/ca'] },
      headers: { 'X-A': ['b'] },
      debug: { address: { port: 5002 }, prometheus: { enabled: true } },
      readOnly: true,
      uploadPurging: { ageMs: 3_600_000 },
      log: { level: 'warn', fields: { service: 'registry' } },
    })
  })

  it('cannot ask in vain for what is refused', async () => {
    await expect(settings('', { REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: '/cache' })).rejects.toThrow(
      'REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: http.tls.letsencrypt.cachefile: ',
    )
  })
})
