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
  sign(data: Uint8Array): Promise<Uint8Array>
}
