import { readFileSync } from 'node:fs'
import { optionError } from '@longshore/middleware-core'

/** What the option `privateKey` takes. */
export const acceptedKeys =
  'an RSA private key of 2048 bits or an EC one on P-256, in PEM (PKCS#1, PKCS#8 or SEC 1): the path of the file, or the text'

/** Where somebody gave a key without its BEGIN and END lines, it must not be shown as the path of a missing file. */
const mayBeKeyMaterial = /[A-Za-z0-9+/=]{64}|\p{Cc}/u

const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g

/** The text of the PEM that `privateKey` is or points to. No error shows any of it. */
export function readPem(privateKey: string): string {
  if (privateKey.includes('-----BEGIN')) return privateKey
  try {
    return readFileSync(privateKey, 'latin1')
  } catch (error) {
    const found = mayBeKeyMaterial.test(privateKey)
      ? 'found a text that is neither a PEM nor the path of a file'
      : `cannot read ${JSON.stringify(privateKey)}`
    throw keyError(`${found} (${codeOf(error)})`)
  }
}

/** Whether a passphrase is needed to read the key. */
export function isEncrypted(pem: string): boolean {
  return pem.includes('BEGIN ENCRYPTED PRIVATE KEY') || pem.includes('Proc-Type: 4,ENCRYPTED')
}

/** What the PEM calls its contents, in lower case: `rsa private key`, `public key`, `certificate`. */
export function labelsOf(pem: string): string[] {
  return [...pem.matchAll(begin)].map(([, label = '']) => label.toLowerCase())
}

/** A mistake in the option `privateKey`. */
export function keyError(found: string): Error {
  return optionError('privateKey', `${found}; accepted: ${acceptedKeys}`)
}

/** The code that Node gives an error, which unlike its message quotes nothing. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}
