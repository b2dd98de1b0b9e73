import { KeyObject, createHash, createPublicKey } from 'node:crypto'
import { optionError } from '@longshore/middleware-core'
import { parsePem } from './pem.ts'

/** Public key: PEM, or parsed. */
export type PublicKey = string | KeyObject

/** Values that an option for a public key takes. */
export const acceptedPublicKey = 'an RSA public key of 2048 bits or an EC one on P-256, in PEM or as a KeyObject'

/** True for the two kinds of keys that CloudFront takes: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html */
export function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  return (
    (asymmetricKeyType === 'rsa' && modulusLength === 2048) ||
    (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1')
  )
}

/** Describes the type of a key: `rsa of 4096 bits`, `ec on secp384r1`. */
export function describeKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  const detail = modulusLength === undefined ? namedCurve && ` on ${namedCurve}` : ` of ${modulusLength} bits`
  return `${asymmetricKeyType}${detail ?? ''}`
}

/** Fingerprint of a public key: SHA-256 of its DER, in 64 hexadecimal digits. */
export function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** Reads a public key that was given as `option`. Throws a `ConfigError` when CloudFront does not take it. */
export function readPublicKey(publicKey: PublicKey, option: string): KeyObject {
  const accepted = `accepted: ${acceptedPublicKey}`
  const key = parsePublicKey(publicKey, option)
  if (!isUsable(key)) throw optionError(option, `found a public key of type ${describeKey(key)}; ${accepted}`)
  return key
}

/** Takes a private key, too, whose public half counts. */
function parsePublicKey(publicKey: PublicKey, option: string): KeyObject {
  if (publicKey instanceof KeyObject && publicKey.type === 'public') return publicKey
  const pem =
    typeof publicKey === 'string' ? parsePem(publicKey, { name: option, accepted: acceptedPublicKey }) : undefined
  try {
    return createPublicKey(pem?.text ?? publicKey)
  } catch {
    const found = pem ? `a PEM of ${pem.labels.join(', ')}, which is no public key or damaged` : 'no public key'
    throw optionError(option, `found ${found}; accepted: ${acceptedPublicKey}`)
  }
}
