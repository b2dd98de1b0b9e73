import type { SecureVersion } from 'node:tls'

/**
 * Cipher suites of TLS 1.0 to 1.2 that Distribution knows and Node can do, by their IANA names, with OpenSSL's. They
 * stand in the order in which they are offered. The first ten are offered by default: those that keep a recorded
 * connection secret when the key is stolen later.
 */
const untilTls12 = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
} as const

const ofTls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'] as const

type Tls12Name = keyof typeof untilTls12
export type CipherSuiteName = Tls12Name | (typeof ofTls13)[number]

export const cipherSuiteNames = [...(Object.keys(untilTls12) as Tls12Name[]), ...ofTls13] as const

const byDefault = cipherSuiteNames.filter(name => name.startsWith('TLS_ECDHE_'))

export function isTls13(name: string): boolean {
  return (ofTls13 as readonly string[]).includes(name)
}

/**
 * Makes what Node takes as `ciphers`. TLS 1.3 has suites of its own; unless some are chosen all are offered, as Go does. OpenSSL
 * holds TLS 1.0 and 1.1 for broken and does them at security level 0 only.
 */
export function opensslCiphers(chosen: readonly CipherSuiteName[] = byDefault, minVersion: SecureVersion): string {
  const names = chosen.some(isTls13) ? chosen : [...chosen, ...ofTls13]
  const ciphers = names.map(name => (name in untilTls12 ? untilTls12[name as Tls12Name] : name))
  const level = ['TLSv1', 'TLSv1.1'].includes(minVersion) ? ['@SECLEVEL=0'] : []
  return [...ciphers, ...level].join(':')
}
