import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { optionError } from '@longshore/middleware-core'

/** What the option `privateKey` takes. */
export const acceptedKeys =
  'an RSA private key of 2048 bits or an EC one on P-256, in PEM (PKCS#1, PKCS#8 or SEC 1): the path of the file, or the text'

/** Where somebody gave a key without its BEGIN and END lines, it must not be shown as the path of a missing file. */
const mayBeKeyMaterial = /[A-Za-z0-9+/=]{64}|\p{Cc}/u

const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g

/** Whether the option `privateKey` is a PEM, and not the path of one. */
export function isPem(privateKey: string): boolean {
  return privateKey.includes('-----BEGIN')
}

/** The text of the PEM that `privateKey` is or points to. No error shows any of it. */
export function readPem(privateKey: string): string {
  if (isPem(privateKey)) return privateKey
  try {
    return readFileSync(privateKey, 'latin1')
  } catch (error) {
    throw unreadable(privateKey, error)
  }
}

/** The text of the file at `path`, without holding anybody up. */
export async function readPemFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    throw unreadable(path, error)
  }
}

/**
 * The ID that a PEM gives its own key, in a line `Key-Pair-Id: K2JCJMDEHXQW5F` above the first BEGIN. RFC 7468 leaves that
 * place to whoever writes the file, and OpenSSL reads past it.
 */
export function keyPairIdIn(pem: string): string | undefined {
  const explanation = pem.slice(0, pem.indexOf('-----BEGIN'))
  return /^Key-Pair-Id:[ \t]*([A-Za-z0-9_-]+)[ \t]*\r?$/m.exec(explanation)?.[1]
}

/** Whether a passphrase is needed to read the key. */
export function isEncrypted(pem: string): boolean {
  return pem.includes('BEGIN ENCRYPTED PRIVATE KEY') || pem.includes('Proc-Type: 4,ENCRYPTED')
}

/** What the PEM calls its contents, in lower case: `rsa private key`, `public key`, `certificate`. */
export function labelsOf(pem: string): string[] {
  return [...pem.matchAll(begin)].map(([, label = '']) => label.toLowerCase())
}

function unreadable(path: string, error: unknown): Error {
  const found = mayBeKeyMaterial.test(path)
    ? 'found a text that is neither a PEM nor the path of a file'
    : `cannot read ${JSON.stringify(path)}`
  return keyError(`${found} (${codeOf(error)})`)
}

/** A mistake in the option `privateKey`. */
export function keyError(found: string): Error {
  return optionError('privateKey', `${found}; accepted: ${acceptedKeys}`)
}

/** The code that Node gives an error, which unlike its message quotes nothing. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}
