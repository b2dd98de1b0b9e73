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

describe('variables of other programs', () => {
  const guarded = 'auth: { htpasswd: { realm: r, path: /p } }\nhttp: { addr: ":5001" }'
  const read = async (text: string, env: Record<string, string>) => {
    const file = await folder.write('config.yml', `storage: inmemory\n${text}`)
    const config = await loadRegistryConfig(file, { env })
    return { settings: registrySettings(config), warnings: config.warnings }
  }

  it.each([
    // Those of podman, skopeo and buildah.
    { REGISTRY_AUTH_FILE: '/run/user/1000/containers/auth.json' },
    { REGISTRY_AUTH_TOKEN_FILE: '/run/secrets/token' },
    { REGISTRY_AUTH: 'aHVudGVyMjpodW50ZXIy' },
    { REGISTRY_AUTH: '{"auths": {"example.com": {"auth": "hunter2"}}}' },
    { REGISTRY_HTTP_TLS_VERIFY: '0' },
    { REGISTRY_HTTP: 'http://proxy:3128' },
    { REGISTRY_HTTP_0: 'x' },
    { REGISTRY_HTTP_HEADERS_FILE_NAME: 'x' },
    { REGISTRY_PROXY: 'http://hunter2@proxy:3128' },
    { REGISTRY_LOG: '/var/log/registry.log' },
    { REGISTRY_LOG_FIELDS_POD_NAME: 'x' },
    { REGISTRY_TAGS_IMMUTABLE_NAME: 'x' },
    { REGISTRY_STORAGE_DELETE_OLD_ONES: 'true' },
  ])('are warned of, and change nothing: %o', async env => {
    const [variable] = Object.keys(env)
    for (const text of [guarded, '']) {
      const before = await read(text, {})
      const { settings, warnings } = await read(text, env)
      expect(settings).toEqual(before.settings)
      expect(warnings).toEqual([expect.stringMatching(`^${variable}: (?!.*hunter2).*; ignored$`)])
    }
  })

  it('beside a section that guards are warned of, though they look like options', async () => {
    for (const env of [{ REGISTRY_AUTH_TOKEN: 'hunter2' }, { REGISTRY_AUTH_TOKENS_URL: 'hunter2' }]) {
      const { settings, warnings } = await read(guarded, env)
      expect(settings.auth).toMatchObject({ kind: 'htpasswd' })
      expect(warnings).toEqual([`${Object.keys(env)[0]}: sets no option of auth; ignored`])
    }
  })

  it('that look like options let nobody in by themselves, and are blamed', async () => {
    await expect(read('', { REGISTRY_AUTH_TOKEN: 'hunter2' })).rejects.toThrow(
      /^REGISTRY_AUTH_TOKEN: auth\.token: found a text/,
    )
    await expect(read('', { REGISTRY_AUTH_HTPASWD_PATH: '/p' })).rejects.toThrow(
      /^REGISTRY_AUTH_HTPASWD_PATH: auth\.htpaswd: unknown/,
    )
    await expect(read('', { REGISTRY_AUTH: 'basic' })).rejects.toThrow(/^REGISTRY_AUTH: auth\.basic: unknown/)
  })

  it('that ask for a second authentication are blamed, and not the line of the first', async () => {
    await expect(read(guarded, { REGISTRY_AUTH_TOKEN_REALM: 'https://a' })).rejects.toThrow(
      /^REGISTRY_AUTH_TOKEN_REALM: auth: found htpasswd and token; accepted: one of them/,
    )
  })
})
