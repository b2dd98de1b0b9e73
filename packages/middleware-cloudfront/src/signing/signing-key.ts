/** Hashes that CloudFront knows. SHA-1 is its default. */
export const hashAlgorithms = ['SHA1', 'SHA256'] as const
export type HashAlgorithm = (typeof hashAlgorithms)[number]

/** Public properties of a signing key, which a signed URL names. */
export interface KeyIdentity {
  /** ID that CloudFront gave the public key. */
  readonly keyPairId: string
  readonly hashAlgorithm: HashAlgorithm
}

/** Key that signs, wherever its private half is kept. */
export interface SigningKey extends KeyIdentity {
  /** Signs `data`: RSA with PKCS#1 v1.5 padding, or ECDSA in DER, over the hash of `data`. */
  sign(data: Uint8Array): Promise<Uint8Array>
}
