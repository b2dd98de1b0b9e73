import { type Hash, createHash } from 'node:crypto'

/** Algorithms that the OCI image specification registers, with the length of their digests. */
const hexLengths = { sha256: 64, sha512: 128 } as const

export type DigestAlgorithm = keyof typeof hexLengths

/** Digest of a content: `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits. */
export type Digest = `${DigestAlgorithm}:${string}`

/** Parses a digest; undefined when `text` is none or of an algorithm that is not supported. */
export function asDigest(text: string): Digest | undefined {
  const [, algorithm, hex] = /^(sha256|sha512):([0-9a-f]+)$/.exec(text) ?? []
  if (hex === undefined) return undefined
  return hex.length === hexLengths[algorithm as DigestAlgorithm] ? (text as Digest) : undefined
}

/** Splits a digest into its algorithm and its hexadecimal digits. */
export function digestParts(digest: Digest): { algorithm: DigestAlgorithm; hex: string } {
  const colon = digest.indexOf(':')
  return { algorithm: digest.slice(0, colon) as DigestAlgorithm, hex: digest.slice(colon + 1) }
}

/** Creates a hash of the digest's algorithm. */
export function createDigestHash(digest: Digest): Hash {
  return createHash(digestParts(digest).algorithm)
}

/** Compares the bytes that `hash` was fed with a digest. Ends the hash. */
export function matches(hash: Hash, digest: Digest): boolean {
  return hash.digest('hex') === digestParts(digest).hex
}

/** True where so many bytes cannot have the digest: none, which are not those of nothing. */
export function isTruncatedToNothing(digest: Digest, size: number): boolean {
  return size === 0 && digestOf(new Uint8Array(), digestParts(digest).algorithm) !== digest
}

/** Computes the digest of some bytes. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}
