import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { isStorageError } from '@longshore/middleware-core'
import { ecKey, pem, rsaKey } from '../../test/signing-keys.ts'
import { thrownBy } from '../../test/thrown.ts'
import { readSigningKey } from './load-keys.ts'
import type { HashAlgorithm, SigningKey } from '../signing/signing-key.ts'

const rsa = rsaKey()
const ec = ecKey()
const data = Buffer.from('what is signed')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-keys-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function fileWith(content: string): Promise<string> {
  const path = join(directory, `${Math.random()}.pem`)
  await writeFile(path, content)
  return path
}

function read(privateKey: string, options: { passphrase?: string; hashAlgorithm?: HashAlgorithm } = {}): SigningKey {
  return readSigningKey({ keyPairId: 'K1', hashAlgorithm: 'SHA1', privateKey, ...options })
}

/** What a key that is wrong is refused with: always one line, never anything of the key. */
function denial(privateKey: string, options: { passphrase?: string } = {}): string {
  const error = thrownBy(() => read(privateKey, options))
  expect(isStorageError(error, 'CONFIG')).toBe(true)
  const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error)
  const body = privateKey.replaceAll(/-----.*?-----|\s/g, '')
  for (let at = 0; body.length >= 64 && at + 20 < body.length; at += 10) {
    expect(shown).not.toContain(body.slice(at, at + 20))
  }
  expect(error.message).not.toContain('\n')
  expect(error.message).not.toContain(options.passphrase ?? '\n')
  return error.message
}

describe('a private key', () => {
  const sec1WithParameters = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n`
  it.each([
    ['PKCS#1', rsa, pem(rsa.privateKey, 'pkcs1')],
    ['PKCS#8 RSA', rsa, rsa.pem],
    ['PKCS#8 EC', ec, ec.pem],
    ['SEC 1', ec, pem(ec.privateKey, 'sec1')],
    ['SEC 1 after its parameters', ec, sec1WithParameters + pem(ec.privateKey, 'sec1')],
    ['PKCS#8 with Windows line ends', rsa, rsa.pem.replaceAll('\n', '\r\n')],
    ['encrypted PKCS#1', rsa, pem(rsa.privateKey, 'pkcs1', 'open')],
    ['encrypted PKCS#8 RSA', rsa, pem(rsa.privateKey, 'pkcs8', 'open')],
    ['encrypted PKCS#8 EC', ec, pem(ec.privateKey, 'pkcs8', 'open')],
    ['encrypted SEC 1', ec, pem(ec.privateKey, 'sec1', 'open')],
  ])('in %s signs, read from a file or given as text', async (_, { publicKey }, text) => {
    for (const privateKey of [text, await fileWith(text)]) {
      const key = read(privateKey, { passphrase: 'open' })
      expect(verify('SHA1', data, publicKey, await key.sign(data))).toBe(true)
    }
  })

  it('signs with the hash that was asked for', async () => {
    for (const hashAlgorithm of ['SHA1', 'SHA256'] as const) {
      const signature = await read(rsa.pem, { hashAlgorithm }).sign(data)
      expect(verify('SHA1', data, rsa.publicKey, signature)).toBe(hashAlgorithm === 'SHA1')
      expect(verify('SHA256', data, rsa.publicKey, signature)).toBe(hashAlgorithm === 'SHA256')
    }
  })

  it('is not in what an inspection shows', () => {
    const shown = inspect(read(ec.pem), { depth: Infinity, showHidden: true })
    expect(shown).toContain('K1')
    expect(shown).not.toContain(ec.pem.split('\n')[1])
  })
})

describe('what is no usable private key', () => {
  const accepted = 'accepted: an RSA private key of 2048 bits or an EC one on P-256, in PEM'

  it('a file that is absent', () => {
    const path = join(directory, 'absent.pem')
    expect(denial(path)).toContain(`privateKey: cannot read ${JSON.stringify(path)} (ENOENT); ${accepted}`)
  })

  it('a directory', () => {
    expect(denial(directory)).toContain('(EISDIR)')
  })

  it('a file that is no PEM', async () => {
    expect(denial(await fileWith('hello'))).toContain(`privateKey: found a file that is not a PEM; ${accepted}`)
  })

  it('the base64 of a key without its BEGIN and END lines', () => {
    const body = pem(ec.privateKey, 'pkcs8').replaceAll(/-----.*?-----/g, '')
    const found = 'found a text that is neither a PEM nor the path of a file ('
    expect(denial(body)).toContain(found)
    expect(denial(body.replaceAll('\n', ''))).toContain(found)
    expect(denial(`${body.replaceAll('\n', '')}\0`)).toContain(found)
  })

  it('a public key', () => {
    const text = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(denial(text)).toContain(`privateKey: found public key; ${accepted}`)
  })

  it.each(['CERTIFICATE', 'OPENSSH PRIVATE KEY', 'RSA PUBLIC KEY'])('a PEM of another kind: %s', label => {
    const text = `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`
    expect(denial(text)).toContain(`privateKey: found ${label.toLowerCase()}; ${accepted}`)
  })

  it('a damaged key', () => {
    expect(denial(rsa.pem.replace(/\n.{40}/, '\n'))).toMatch(
      /privateKey: found a damaged private key \(\w+\); accepted: /,
    )
  })

  it.each([
    ['RSA with 1024 bits', () => rsaKey(1024).pem, 'found a private key of type rsa of 1024 bits'],
    ['EC on another curve', () => ecKey('P-384').pem, 'found a private key of type ec on secp384r1'],
    ['Ed25519', () => pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8'), 'found a private key of type ed25519'],
    [
      'RSA for PSS only',
      () => pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey, 'pkcs8'),
      'found a private key of type rsa-pss of 2048 bits',
    ],
  ])('%s', (_, make, found) => {
    expect(denial(make())).toContain(`privateKey: ${found}; ${accepted}`)
  })

  it('an encrypted one without its passphrase, or with another', () => {
    for (const text of [pem(rsa.privateKey, 'pkcs1', 'open'), pem(ec.privateKey, 'pkcs8', 'open')]) {
      expect(denial(text)).toBe(
        'passphrase: missing, and the private key is encrypted; accepted: the passphrase that opens it',
      )
      expect(denial(text, { passphrase: 'shut' })).toMatch(
        /^passphrase: does not open the private key \(\w+\); accepted: /,
      )
    }
  })
})
