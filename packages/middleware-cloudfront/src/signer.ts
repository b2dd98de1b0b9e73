import { cloudFrontBase64 } from './base64.ts'
import type { Policy } from './policy.ts'

/** The hashes that CloudFront knows. It takes SHA-1 for granted. */
export const hashAlgorithms = ['SHA1', 'SHA256'] as const
export type HashAlgorithm = (typeof hashAlgorithms)[number]

/** The public side of a signing key: what a signed URL says of it. */
export interface KeyIdentity {
  /** The ID that CloudFront gave the public key. */
  readonly keyPairId: string
  readonly hashAlgorithm: HashAlgorithm
}

/** A key that makes signatures, wherever its private half is kept. */
export interface SigningKey extends KeyIdentity {
  /** RSA with PKCS#1 v1.5 padding, or ECDSA in DER, over the hash of `data`. */
  sign(data: Uint8Array): Promise<Buffer>
}

/** `url` with a signature that makes CloudFront serve it as far as the policy allows. */
export async function signUrl(url: string, policy: Policy, key: SigningKey): Promise<string> {
  return signedUrl(url, policy, key, await key.sign(Buffer.from(policy.text)))
}

/** Puts a signed URL together. CloudFront takes the parameters in any order; this one is that of the AWS signer. */
export function signedUrl(url: string, policy: Policy, key: KeyIdentity, signature: Buffer): string {
  const separator = url.includes('?') ? '&' : '?'
  const identity = `Key-Pair-Id=${key.keyPairId}&Signature=${cloudFrontBase64(signature)}`
  const hash = key.hashAlgorithm === 'SHA1' ? '' : `&Hash-Algorithm=${key.hashAlgorithm}`
  return `${url}${separator}${policy.parameter}&${identity}${hash}`
}
