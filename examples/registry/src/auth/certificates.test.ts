import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { certify } from '@longshore/local-cloud'
import { libtrustKeyId, readCertificates } from './certificates.ts'

describe('a key', () => {
  it('is called what Distribution 2.8.2 calls it', () => {
    const pem = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECx/rpcfWoquf3EHOpTY4MZ+24pjZ
oj8p9LU/lyfplvsUWFiu/63LDTzcMxd8JkxLgZ+lRgf1yeherZ7A+zV/oA==
-----END PUBLIC KEY-----`
    expect(libtrustKeyId(createPublicKey(pem))).toBe('UGSI:M6ZC:TLDN:M2X2:HZZS:H3IV:E4VZ:O65U:652O:G6GE:2UFH:62PP')
  })
})

describe('a bundle', () => {
  it('holds certificates, with text between them', () => {
    const [one, other] = [certify({ name: 'one' }), certify({ name: 'other' })]
    const subjects = readCertificates(`# one\n${one.cert}\nthe other:\n${other.cert}`).map(({ subject }) => subject)
    expect(subjects).toEqual(['CN=one', 'CN=other'])
  })

  it.each([
    ['nothing', ''],
    ['a key', certify({ name: 'x' }).key],
    ['a certificate and a key', Object.values(certify({ name: 'x' })).join('\n')],
    ['a broken certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  ])('does not hold %s', (_what, pem) => {
    expect(() => readCertificates(pem)).toThrow()
  })
})
