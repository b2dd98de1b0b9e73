import { KeyObject, createPublicKey } from 'node:crypto'
import { optionError } from '@longshore/middleware-core'

/** A public key as programs have it: PEM, or parsed. */
export type PublicKey = string | KeyObject

/** What an option for a public key takes. */
export const acceptedPublicKey = 'an RSA public key of 2048 bits or an EC one on P-256, in PEM or as a KeyObject'

/** CloudFront takes two kinds of keys: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html */
export function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  return (
    (asymmetricKeyType === 'rsa' && modulusLength === 2048) ||
    (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1')
  )
}

/** `rsa of 4096 bits`, `ec on secp384r1`. */
export function describeKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  const detail = modulusLength === undefined ? namedCurve && ` on ${namedCurve}` : ` of ${modulusLength} bits`
  return `${asymmetricKeyType}${detail ?? ''}`
}

/** Reads a public key that was given as `option`; a `ConfigError` where it is none that CloudFront takes. */
export function readPublicKey(publicKey: PublicKey, option: string): KeyObject {
  const accepted = `accepted: ${acceptedPublicKey}`
  const key = parse(publicKey)
  if (key === undefined) throw optionError(option, `found no public key; ${accepted}`)
  if (!isUsable(key)) throw optionError(option, `found a public key of type ${describeKey(key)}; ${accepted}`)
  return key
}

function parse(publicKey: PublicKey): KeyObject | undefined {
  try {
    return publicKey instanceof KeyObject && publicKey.type === 'public' ? publicKey : createPublicKey(publicKey)
  } catch {
    return undefined
  }
}
