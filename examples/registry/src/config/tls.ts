import type { SecureVersion } from 'node:tls'
import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { cipherSuiteNames, isTls13, opensslCiphers } from './cipher-suites.ts'
import { refusedOption, warnIgnored } from './unsupported-options.ts'

/** Settings of `http.tls`. The files are read where the server is made. */
export interface TlsSettings {
  /** PEM file: the server's certificate, then those between it and a root. */
  readonly certificate: string
  /** PEM file. */
  readonly key: string
  /** PEM files of who may sign clients' certificates. */
  readonly clientCas: readonly string[]
  /** Undefined: clients are asked for no certificate. */
  readonly clientAuth: ClientAuth | undefined
  readonly minVersion: SecureVersion
  /** OpenSSL's form of the cipher suites. */
  readonly ciphers: string
  /** True to offer HTTP/2 beside HTTP/1.1. */
  readonly http2: boolean
}

const versions = { 'tls1.0': 'TLSv1', 'tls1.1': 'TLSv1.1', 'tls1.2': 'TLSv1.2', 'tls1.3': 'TLSv1.3' } as const
type VersionName = keyof typeof versions

const noLetsEncrypt = refusedOption(
  'get the certificate with an ACME client such as certbot; a renewed one is taken up',
)

/** Duty of a client that has, or has not, a certificate: Go's four modes, from the weakest to the strongest. */
export type ClientAuth = (typeof clientAuthModes)[number]

const clientAuthModes = [
  'request-client-cert',
  'require-any-client-cert',
  'verify-client-cert-if-given',
  'require-and-verify-client-cert',
] as const

/** True where a certificate has to lead to one of `clientcas`. */
export function verifiesClients(mode: ClientAuth): boolean {
  return mode.includes('verify')
}

const tlsSection = z.object({
  certificate: option.text(),
  key: option.text(),
  clientcas: z.array(option.text()).prefault([]),
  clientauth: z.optional(option.choice(clientAuthModes)),
  minimumtls: z.prefault(option.choice(Object.keys(versions) as VersionName[]), 'tls1.2'),
  ciphersuites: z.array(option.choice(cipherSuiteNames)).optional(),
  letsencrypt: z
    .object({ cachefile: noLetsEncrypt, email: noLetsEncrypt, hosts: noLetsEncrypt, directoryurl: noLetsEncrypt })
    .optional(),
})

/** Options of `http.tls`. A mode that verifies needs somebody to verify with: it must not let everybody in. */
export const tlsOptions = tlsSection.superRefine(({ clientcas, clientauth }, context) => {
  if (clientauth === undefined || !verifiesClients(clientauth) || clientcas.length > 0) return
  const accepted = `a file, as http.tls.clientauth is ${clientauth}: without one no certificate can be verified`
  context.addIssue({ code: 'custom', path: ['clientcas'], params: { accepted } })
})

/** Reads `http.tls`. With authorities alone clients have to show certificates by one of them. */
export function tlsSettings(config: Config, options: z.output<typeof tlsOptions>, http2: boolean): TlsSettings {
  const { clientcas, clientauth = clientcas.length > 0 ? 'require-and-verify-client-cert' : undefined } = options
  if (clientauth !== undefined && clientcas.length > 0 && !verifiesClients(clientauth)) {
    warnIgnored(config, 'http.tls.clientcas', `with http.tls.clientauth: ${clientauth} any certificate is accepted`)
  }
  const minVersion = versions[options.minimumtls]
  if (minVersion === 'TLSv1.3' && options.ciphersuites?.every(name => !isTls13(name))) {
    warnIgnored(config, 'http.tls.ciphersuites', 'none of them is one of TLS 1.3, so all of that are offered')
  }
  return {
    certificate: options.certificate,
    key: options.key,
    clientCas: clientcas,
    clientAuth: clientauth,
    minVersion,
    ciphers: opensslCiphers(options.ciphersuites, minVersion),
    http2,
  }
}
