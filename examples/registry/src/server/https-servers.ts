import { X509Certificate } from 'node:crypto'
import { type Server, createServer } from 'node:https'
import { type SecureContextOptions, type TLSSocket, createSecureContext } from 'node:tls'
import type { FastifyServerFactory } from 'fastify'
import { fileError, readOptionFile } from '../config/option-file.ts'
import { type TlsSettings, verifiesClients } from '../config/tls.ts'
import { FileWatcher } from '../config/file-watcher.ts'

/** Time that a client has for the TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/** Makes HTTPS servers whose certificates are always those of the files. Dispose of it to let go of the files. */
export interface HttpsServers extends Disposable {
  readonly create: FastifyServerFactory
}

/**
 * Reads certificate, key and authorities. Throws a `ConfigError` for what is wrong with one. `onError` is told of what is
 * wrong with files that change later; until they are mended those before are used.
 */
export async function createHttpsServers(
  settings: TlsSettings,
  onError: (error: unknown) => void,
): Promise<HttpsServers> {
  const servers = new Set<Server>()
  const files = await FileWatcher.load({
    paths: [settings.certificate, settings.key, ...settings.clientCas],
    load: () => readContext(settings),
    onChange: context => {
      for (const server of servers) server.setSecureContext(context)
    },
    onError,
  })
  const { clientAuth } = settings
  return {
    create(listener, { keepAliveTimeout, requestTimeout }) {
      const options = {
        ...files.current,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        ALPNProtocols: settings.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
        requestCert: clientAuth !== undefined,
        rejectUnauthorized: clientAuth === 'require-and-verify-client-cert',
        // Answered by the registry itself, in the specification's form, as without TLS.
        requireHostHeader: false,
      }
      const server = createServer(options, listener)
      // Before a request is read.
      server.prependListener('secureConnection', socket => {
        if (!isWelcome(socket, clientAuth)) socket.destroy()
      })
      // Fastify sets the limits only of servers that it makes itself.
      Object.assign(server, { keepAliveTimeout, requestTimeout })
      servers.add(server)
      return server.once('close', () => servers.delete(server))
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  }
}

/** Decides what OpenSSL does not: it either verifies each client or none. */
function isWelcome(socket: TLSSocket, mode: TlsSettings['clientAuth']): boolean {
  if (mode === undefined || mode === 'request-client-cert' || socket.authorized) return true
  const hasCertificate = socket.getPeerX509Certificate() !== undefined
  return verifiesClients(mode) ? !hasCertificate : hasCertificate
}

/** Checks the files together as well: a key has to be that of its certificate. */
async function readContext(settings: TlsSettings): Promise<SecureContextOptions> {
  // One after the other, so that of several mistakes it is always the first that is told.
  const cert = await readPem('certificate', settings.certificate)
  const key = await readPem('key', settings.key)
  const ca: string[] = []
  for (const path of settings.clientCas) ca.push(await readPem('clientcas', path))
  const { minVersion, ciphers } = settings
  const context = { cert, key, minVersion, ciphers, ...(ca.length > 0 ? { ca } : {}) }
  try {
    createSecureContext(context)
  } catch (cause) {
    const problem = 'does not go with the certificate, or is no key without a passphrase'
    throw fileError(['http', 'tls', 'key'], settings.key, problem, cause)
  }
  return context
}

async function readPem(option: 'certificate' | 'key' | 'clientcas', path: string): Promise<string> {
  const name = ['http', 'tls', option]
  const pem = await readOptionFile(name, path)
  const isPem = option === 'key' ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem) : isCertificate(pem)
  if (isPem) return pem
  throw fileError(name, path, `accepted: ${option === 'key' ? 'a private key' : 'certificates'} in PEM`)
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
