import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
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

async function fileWith(content: string | Buffer): Promise<string> {
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

/** Changes that editors, variables, YAML and copying make to a PEM. */
const journeys: [string, (pem: string) => string][] = [
  ['with Windows line ends', pem => pem.replaceAll('\n', '\r\n')],
  ['with the line ends of an old Mac', pem => pem.replaceAll('\n', '\r')],
  ['with \\n as two characters', pem => pem.replaceAll('\n', String.raw`\n`)],
  ['with \\r\\n as four characters', pem => pem.replaceAll('\n', String.raw`\r\n`)],
  ['with \\\\n, escaped twice', pem => pem.replaceAll('\n', String.raw`\\n`)],
  ['with blanks for line ends', pem => pem.replaceAll('\n', ' ')],
  ['without line ends', pem => pem.replaceAll('\n', '')],
  ['indented', pem => pem.replaceAll(/^/gm, '    ')],
  ['with blanks behind its lines', pem => pem.replaceAll('\n', ' \t\n')],
  ['with empty lines', pem => pem.replaceAll('\n', '\n\n')],
  ['in quotes', pem => `"${pem.trim()}"`],
  ['behind a byte order mark', pem => `\u{feff}${pem}`],
]

describe('a private key', () => {
  const sec1WithParameters = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n`
  it.each([
    ['PKCS#1', rsa, pem(rsa.privateKey, 'pkcs1')],
    ['PKCS#8 RSA', rsa, rsa.pem],
    ['PKCS#8 EC', ec, ec.pem],
    ['SEC 1', ec, pem(ec.privateKey, 'sec1')],
    ['SEC 1 after its parameters', ec, sec1WithParameters + pem(ec.privateKey, 'sec1')],
    ...journeys.map(([name, travel]) => [`PKCS#8 ${name}`, rsa, travel(rsa.pem)] as const),
    ...journeys.map(([name, travel]) => [`PKCS#1 ${name}`, rsa, travel(pem(rsa.privateKey, 'pkcs1'))] as const),
    ...journeys.map(([name, travel]) => [`SEC 1 ${name}`, ec, travel(pem(ec.privateKey, 'sec1'))] as const),
    ...journeys
      .filter(([name]) => name !== 'without line ends')
      .map(
        ([name, travel]) => [`encrypted PKCS#1 ${name}`, rsa, travel(pem(rsa.privateKey, 'pkcs1', 'open'))] as const,
      ),
    ...journeys.map(
      ([name, travel]) => [`encrypted PKCS#8 ${name}`, ec, travel(pem(ec.privateKey, 'pkcs8', 'open'))] as const,
    ),
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

  it.each<[string, (text: string) => Buffer]>([
    ['UTF-16, little end first', text => Buffer.from(`\u{feff}${text}`, 'utf16le')],
    ['UTF-16, big end first', text => Buffer.from(`\u{feff}${text}`, 'utf16le').swap16()],
    ['UTF-8 with a remark', text => Buffer.from(`Schlüssel für 日本\n${text}`)],
  ])('is read from a file in %s', async (_, encode) => {
    const key = read(await fileWith(encode(`Key-Pair-Id: K7\n${rsa.pem}`)))
    expect(key.keyPairId).toBe('K7')
    expect(verify('SHA1', data, rsa.publicKey, await key.sign(data))).toBe(true)
  })

  it.each(journeys)('keeps the ID in front of it: %s', (_, travel) => {
    expect(read(travel(`Key-Pair-Id: K7\n${rsa.pem}`)).keyPairId).toBe('K7')
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
    expect(denial(directory)).toContain(`privateKey: found a directory at ${JSON.stringify(directory)}; ${accepted}`)
  })

  it('a FIFO, which nobody waits for', async () => {
    const path = join(directory, 'fifo')
    await promisify(execFile)('mkfifo', [path])
    expect(denial(path)).toContain(`privateKey: found a FIFO at ${JSON.stringify(path)}; ${accepted}`)
  })

  it('a device, which has no end', () => {
    expect(denial('/dev/zero')).toContain(`privateKey: found a device at "/dev/zero"; ${accepted}`)
  })

  it('a file that is too long', async () => {
    const path = await fileWith(`${' '.repeat(65_536)}${rsa.pem}`)
    expect(denial(path)).toContain(`privateKey: found more than 65536 bytes in ${JSON.stringify(path)}`)
  })

  it.each<[string, () => string | Buffer]>([
    ['a text that is not a PEM', () => 'hello'],
    ['an empty text', () => ' \n'],
    ['a key in DER', () => rsa.privateKey.export({ type: 'pkcs1', format: 'der' })],
    ['a key in DER', () => ec.privateKey.export({ type: 'sec1', format: 'der' })],
    ['a key in DER', () => ec.privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['JSON', () => JSON.stringify(rsa.privateKey.export({ format: 'jwk' }))],
    ['a PEM that was encoded in base64 once more', () => Buffer.from(rsa.pem).toString('base64')],
    ['base64 without its BEGIN and END lines', () => rsa.pem.replaceAll(/-----.*?-----/g, '')],
    ['a public key of OpenSSH', () => 'ssh-rsa AAAAB3NzaC1yc2E me@here'],
    ['a key of PuTTY', () => 'PuTTY-User-Key-File-3: ssh-rsa\n'],
    ['a PEM of private key without its END line', () => rsa.pem.slice(0, 400)],
    ['a PEM of private key with the END line of something else', () => rsa.pem.replace('END PRIVATE', 'END PUBLIC')],
    ['a PEM of private key with characters that are not base64', () => rsa.pem.replace(/\n(.{20})/, '\n$1;')],
    ['a PEM of private key with nothing in it', () => '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----'],
    ['a PEM with a broken BEGIN line', () => rsa.pem.replace('PRIVATE KEY-----', 'private key')],
    ['a Key-Pair-Id without an ID, or not on a line of its own', () => `Key-Pair-Id: a b\n${rsa.pem}`],
  ])('a file that holds %s', async (found, make) => {
    expect(denial(await fileWith(make()))).toContain(`privateKey: found ${found}`)
  })

  it('the base64 of a key without its BEGIN and END lines', () => {
    const body = pem(ec.privateKey, 'pkcs8').replaceAll(/-----.*?-----/g, '')
    const found = 'found base64 without its BEGIN and END lines, which is not the path of a file either ('
    expect(denial(body)).toContain(found)
    expect(denial(body.replaceAll('\n', ''))).toContain(found)
    expect(denial(`${body.replaceAll('\n', '')}\0`)).toContain('a text that is not a PEM, which is not the path')
    expect(denial(Buffer.from(rsa.pem).toString('base64'))).toContain('a PEM that was encoded in base64 once more')
  })

  it('a public key', () => {
    const text = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(denial(text)).toContain(`privateKey: found a PEM of public key, which is no private key; ${accepted}`)
  })

  it.each(['CERTIFICATE', 'OPENSSH PRIVATE KEY', 'RSA PUBLIC KEY'])('a PEM of another kind: %s', label => {
    const text = `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`
    expect(denial(text)).toContain(
      `privateKey: found a PEM of ${label.toLowerCase()}, which is no private key; ${accepted}`,
    )
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
