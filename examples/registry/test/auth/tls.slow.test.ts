import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { json, text } from 'node:stream/consumers'
import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type Certified, certify } from '@longshore/local-cloud'
import { inmemory } from '@longshore/middleware-core'
import { parseConfig } from '@longshore/middleware-core/config'
import { registrySettings } from '../../src/config/registry-settings.ts'
import { createHttpsServers } from '../../src/server/https-servers.ts'
import { type RegistryOptions, createRegistry } from '../../src/app.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type GuardedRegistry, startGuarded } from '../support/guarded-registry.ts'
import { until } from '../support/until.ts'

const folder = temporaryFolder()
const cleanUps: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp[Symbol.asyncDispose]()
})

const authority = certify({ name: 'an authority' })
const server = certify({ name: 'the registry', issuer: authority, isAuthority: false })

async function write({ cert, key }: Certified): Promise<void> {
  await folder.write('cert.pem', cert)
  await folder.write('key.pem', key)
}

/** A registry with the test's certificate. */
async function start(tls: Record<string, unknown> = {}, certified: Certified = server): Promise<GuardedRegistry> {
  await write(certified)
  const files = { certificate: folder.file('cert.pem'), key: folder.file('key.pem') }
  const registry = await startGuarded(`http: ${JSON.stringify({ tls: { ...files, ...tls } })}`)
  cleanUps.push(registry)
  return registry
}

interface Answer {
  status: number | undefined
  body: unknown
  certificate: string | undefined
}

async function get({ port }: { port: number }, options: RequestOptions = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path: '/v2/', ca: authority.cert, agent: false, ...options }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const { raw } = (response.socket as TLSSocket).getPeerCertificate()
  return { status: response.statusCode, body: await json(response), certificate: raw?.toString('base64') }
}

/** What a client and the registry agree on: `TLSv1.3 TLS_AES_128_GCM_SHA256`. */
async function agreed({ port }: { port: number }, options: ConnectionOptions): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, ...options })
  try {
    await once(socket, 'secureConnect')
    return `${socket.getProtocol()} ${socket.getCipher().standardName}`
  } finally {
    socket.destroy()
  }
}

it('answers a request without a Host in the form of the specification', async () => {
  const { port } = await start()
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert })
  socket.write('GET /v2/ HTTP/1.1\r\nconnection: close\r\n\r\n')
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*"code":"UNSUPPORTED"/s)
})

describe('HTTPS', () => {
  it('is what a registry with a certificate speaks, and nothing else', async () => {
    const registry = await start()
    expect(registry.url).toMatch(/^https:/)
    expect(await get(registry)).toMatchObject({ status: 200, body: {} })
    await expect(fetch(registry.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed')
    await expect(get(registry, { ca: certify({ name: 'another' }).cert })).rejects.toThrow()
  })

  it('has the limits that HTTP has', async () => {
    await write(server)
    const files = { certificate: folder.file('cert.pem'), key: folder.file('key.pem') }
    const { tls } = registrySettings(parseConfig(`http: ${JSON.stringify({ tls: files })}`))
    using https = await createHttpsServers(tls!, () => {})
    const limitsOf = async (options: RegistryOptions): Promise<unknown> => {
      const app = createRegistry(inmemory(), options)
      const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = app.server
      await app.close()
      return { headersTimeout, requestTimeout, keepAliveTimeout, timeout }
    }
    expect(await limitsOf({ https })).toEqual(await limitsOf({}))
    expect(await limitsOf({})).toMatchObject({ headersTimeout: 60_000, keepAliveTimeout: 72_000 })
  })

  it('brings a chain as it is in the file', async () => {
    const between = certify({ name: 'between', issuer: authority })
    const leaf = certify({ name: 'leaf', issuer: between, isAuthority: false })
    const registry = await start({}, { cert: leaf.cert + between.cert, key: leaf.key })
    expect(await get(registry)).toMatchObject({ status: 200 })
  })

  it.each([
    [{}, { maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1' }, undefined],
    [{}, { maxVersion: 'TLSv1.2' }, 'TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    [{}, {}, 'TLSv1.3 TLS_AES_128_GCM_SHA256'],
    [{ minimumtls: 'tls1.3' }, { maxVersion: 'TLSv1.2' }, undefined],
    [{ minimumtls: 'tls1.3' }, {}, 'TLSv1.3 TLS_AES_128_GCM_SHA256'],
    [
      { minimumtls: 'tls1.1' },
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'TLSv1.1 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
    ],
    [{ minimumtls: 'tls1.1' }, { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }, undefined],
    [
      { minimumtls: 'tls1.0' },
      { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'TLSv1 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
    ],
    [
      { ciphersuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      { maxVersion: 'TLSv1.2' },
      'TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    ],
    [
      { ciphersuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
      undefined,
    ],
    [{ ciphersuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] }, {}, 'TLSv1.3 TLS_AES_128_GCM_SHA256'],
    [{ ciphersuites: ['TLS_CHACHA20_POLY1305_SHA256'] }, {}, 'TLSv1.3 TLS_CHACHA20_POLY1305_SHA256'],
    [{ ciphersuites: ['TLS_CHACHA20_POLY1305_SHA256'] }, { maxVersion: 'TLSv1.2' }, undefined],
  ] as [Record<string, unknown>, ConnectionOptions, string | undefined][])(
    'with %j and a client with %j: %s',
    async (options, client, result) => {
      const registry = await start(options)
      if (result === undefined) await expect(agreed(registry, client)).rejects.toThrow()
      else expect(await agreed(registry, client)).toBe(result)
    },
  )
})

describe('a certificate that is renewed', () => {
  it('is used soon, without a restart', async () => {
    const registry = await start()
    const renewed = certify({ name: 'the registry', issuer: authority, isAuthority: false })
    expect((await get(registry)).certificate).toBe(new X509Certificate(server.cert).raw.toString('base64'))
    await write(renewed)
    const expected = new X509Certificate(renewed.cert).raw.toString('base64')
    await until(async () => (await get(registry)).certificate === expected)
    expect(registry.warnings).toEqual([])
  })

  it('is not used when it is wrong: its owner is warned, and the old one stays', async () => {
    const registry = await start()
    await folder.write('cert.pem', certify({ name: 'the registry', issuer: authority }).cert)
    await until(() => registry.warnings.length > 0)
    expect(registry.warnings).toEqual([expect.stringMatching(/http\.tls\.key: .*key\.pem: .*still in use$/)])
    expect((await get(registry)).certificate).toBe(new X509Certificate(server.cert).raw.toString('base64'))
  })
})

describe('clientcas', () => {
  const clients = certify({ name: "the clients' authority" })
  const client = certify({ name: 'a client', issuer: clients, isAuthority: false })

  async function startFor(cas: Certified[]): Promise<GuardedRegistry> {
    const files = cas.map((_ca, index) => folder.file(`ca${index}.pem`))
    for (const [index, ca] of cas.entries()) await writeFile(files[index] ?? '', ca.cert)
    return start({ clientcas: files })
  }

  it('lets in whoever has a certificate by one of them', async () => {
    const registry = await startFor([certify({ name: 'another' }), clients])
    expect(await get(registry, { cert: client.cert, key: client.key })).toMatchObject({ status: 200 })
  })

  it('lets nobody else in', async () => {
    const registry = await startFor([clients])
    const stranger = certify({ name: 'a client', isAuthority: false })
    await expect(get(registry)).rejects.toThrow()
    await expect(get(registry, { cert: stranger.cert, key: stranger.key })).rejects.toThrow()
    const ended = certify({ name: 'a client', issuer: clients, isAuthority: false, days: -1 })
    await expect(get(registry, { cert: ended.cert, key: ended.key })).rejects.toThrow()
  })

  it('can change', async () => {
    const registry = await startFor([certify({ name: 'another' })])
    const credentials = { cert: client.cert, key: client.key }
    await expect(get(registry, credentials)).rejects.toThrow()
    await folder.write('ca0.pem', clients.cert)
    await until(async () => (await get(registry, credentials).catch(() => undefined))?.status === 200)
  })
})

describe('clientauth', () => {
  const clients = certify({ name: "the clients' authority" })
  const known = certify({ name: 'a client', issuer: clients, isAuthority: false })
  const stranger = certify({ name: 'a client', isAuthority: false })

  async function startIn(clientauth: string, cas: string[]): Promise<GuardedRegistry> {
    await folder.write('ca.pem', clients.cert)
    return start({ clientauth, clientcas: cas.map(name => folder.file(name)) })
  }

  it.each([
    ['request-client-cert', [], { known: true, stranger: true, none: true }],
    ['request-client-cert', ['ca.pem'], { known: true, stranger: true, none: true }],
    ['require-any-client-cert', [], { known: true, stranger: true, none: false }],
    ['require-any-client-cert', ['ca.pem'], { known: true, stranger: true, none: false }],
    ['verify-client-cert-if-given', ['ca.pem'], { known: true, stranger: false, none: true }],
    ['require-and-verify-client-cert', ['ca.pem'], { known: true, stranger: false, none: false }],
  ])('%s with %j lets in %j', async (mode, cas, expected) => {
    const registry = await startIn(mode, cas)
    const enters = async (certified?: Certified, options: RequestOptions = {}): Promise<boolean> => {
      const { cert, key } = certified ?? {}
      const answer = await get(registry, { ...options, cert, key }).catch(() => undefined)
      return answer?.status === 200
    }
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect({
        known: await enters(known, { maxVersion }),
        stranger: await enters(stranger, { maxVersion }),
        none: await enters(undefined, { maxVersion }),
      }).toEqual(expected)
    }
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('holds for a session that is resumed: %s', async maxVersion => {
    const registry = await startIn('require-any-client-cert', [])
    const statuses = async (certified?: Certified): Promise<string[]> => {
      const { cert, key } = certified ?? {}
      const options = { host: '127.0.0.1', port: registry.port, ca: authority.cert, maxVersion, cert, key }
      let session: Buffer | undefined
      const ask = async (more: ConnectionOptions): Promise<string> => {
        const socket = connect({ ...options, ...more }).on('session', ticket => (session = ticket))
        socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
        return (await text(socket).catch(() => 'HTTP/1.1 cut')).slice(9, 12)
      }
      return [await ask({}), await ask({ session })]
    }
    expect(await statuses(stranger)).toEqual(['200', '200'])
    expect(await statuses()).not.toContain('200')
  })

  it('tells when the authorities verify nobody', async () => {
    const read = (clientauth: string): readonly string[] => {
      const config = parseConfig(
        `http: { tls: { certificate: /c, key: /k, clientcas: [/ca], clientauth: ${clientauth} } }`,
      )
      registrySettings(config)
      return config.warnings
    }
    expect(read('require-any-client-cert')).toEqual([
      expect.stringMatching(
        /: http\.tls\.clientcas: has no effect; with http\.tls\.clientauth: require-any-client-cert/,
      ),
    ])
    expect(read('verify-client-cert-if-given')).toEqual([])
  })

  it.each(['verify-client-cert-if-given', 'require-and-verify-client-cert'])(
    'that verifies stops the start without anybody to verify with: %s',
    async mode => {
      await expect(startIn(mode, [])).rejects.toThrow(
        `config.yml:2: http.tls.clientcas: found a list; accepted: a file, as http.tls.clientauth is ${mode}`,
      )
      await expect(start({ clientauth: mode })).rejects.toThrow('http.tls.clientcas: missing; accepted: a file')
    },
  )
})

describe('files that are wrong stop the start', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'no certificate',
      { certificate: '/none' },
      /^config\.yml:2: http\.tls\.certificate: \/none: there is no such file$/,
    ],
    ['no key', { key: '/none' }, /^config\.yml:2: http\.tls\.key: \/none: there is no such file$/],
    ['a directory', { key: '/tmp' }, /^config\.yml:2: http\.tls\.key: \/tmp: found a directory; accepted: a file$/],
  ])('%s', async (_what, options, message) => {
    await expect(start(options)).rejects.toMatchObject({ name: 'ConfigError', message: expect.stringMatching(message) })
  })

  it('a key of another certificate', async () => {
    const { key } = certify({ name: 'another' })
    const error: unknown = await start({}, { cert: server.cert, key }).catch(error => error)
    expect((error as Error).message).toMatch(/^config\.yml:2: http\.tls\.key: \S+key\.pem: does not go with/)
    expect((error as Error).message).not.toContain('PRIVATE')
  })

  it('the two the wrong way round', async () => {
    await expect(start({}, { cert: server.key, key: server.cert })).rejects.toThrow(
      /http\.tls\.certificate: \S+cert\.pem: accepted: certificates in PEM/,
    )
  })

  it('an authority that is none', async () => {
    await folder.write('ca.pem', 'nothing')
    await expect(start({ clientcas: [folder.file('ca.pem')] })).rejects.toThrow(
      /http\.tls\.clientcas: \S+ca\.pem: accepted: certificates in PEM/,
    )
  })
})
