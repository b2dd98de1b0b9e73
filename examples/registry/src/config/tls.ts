import type { SecureVersion } from 'node:tls'
import { option } from '@longshore/middleware-core'
import { z } from 'zod'
import { cipherSuiteNames, opensslCiphers } from './cipher-suites.ts'
import { refusedOption } from './unsupported-options.ts'

/** Settings of `http.tls`. The files are read where the server is made. */
export interface TlsSettings {
  /** PEM file: the server's certificate, then those between it and a root. */
  readonly certificate: string
  /** PEM file. */
  readonly key: string
  /** PEM files of who may sign clients' certificates. Empty: clients need none. */
  readonly clientCas: readonly string[]
  readonly minVersion: SecureVersion
  /** OpenSSL's form of the cipher suites. */
  readonly ciphers: string
}

const versions = { 'tls1.0': 'TLSv1', 'tls1.1': 'TLSv1.1', 'tls1.2': 'TLSv1.2', 'tls1.3': 'TLSv1.3' } as const
type VersionName = keyof typeof versions

const noLetsEncrypt = refusedOption(
  'get the certificate with an ACME client such as certbot; a renewed one is taken up',
)
const clientAuthKinds = ['require-and-verify-client-cert'] as const

export const tlsOptions = z.object({
  certificate: option.text(),
  key: option.text(),
  clientcas: z.array(option.text()).prefault([]),
  clientauth: z.optional(option.choice(clientAuthKinds)),
  minimumtls: z.prefault(option.choice(Object.keys(versions) as VersionName[]), 'tls1.2'),
  ciphersuites: z.array(option.choice(cipherSuiteNames)).optional(),
  letsencrypt: z
    .object({ cachefile: noLetsEncrypt, email: noLetsEncrypt, hosts: noLetsEncrypt, directoryurl: noLetsEncrypt })
    .optional(),
})

export function tlsSettings(options: z.output<typeof tlsOptions>): TlsSettings {
  const minVersion = versions[options.minimumtls]
  return {
    certificate: options.certificate,
    key: options.key,
    clientCas: options.clientcas,
    minVersion,
    ciphers: opensslCiphers(options.ciphersuites, minVersion),
  }
}
