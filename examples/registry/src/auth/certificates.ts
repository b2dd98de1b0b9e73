import { type KeyObject, X509Certificate, createHash } from 'node:crypto'

/** Certificates between a key and a root, both included, at most. */
const MAX_CHAIN_LENGTH = 10

/** Reads the certificates of a PEM file. Throws when there is something else in it, or nothing. */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? []
  if (blocks.length === 0) throw new TypeError('no PEM block')
  return blocks.map(block => {
    if (!block.startsWith('-----BEGIN CERTIFICATE-----')) throw new TypeError('another kind of PEM block')
    return new X509Certificate(block)
  })
}

/**
 * Gives the key of the first certificate, if the others lead from it to one of the `roots`, or it is one itself.
 * `encoded` are DER in base64, as `x5c` has them (RFC 7515, 4.1.6). How long a path an authority allows below itself is not looked at:
 * whoever holds an authority's key could sign the first certificate as well.
 */
export function keyOfChain(encoded: readonly string[], roots: readonly X509Certificate[]): KeyObject | undefined {
  if (encoded.length > MAX_CHAIN_LENGTH) return undefined
  const [leaf, ...between] = encoded.map(der => new X509Certificate(Buffer.from(der, 'base64')))
  return leaf && leadsToRoot(leaf, between, roots) ? leaf.publicKey : undefined
}

function leadsToRoot(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): boolean {
  if (!isValidNow(certificate)) return false
  if (roots.some(root => root.raw.equals(certificate.raw))) return true
  if (roots.some(root => isValidNow(root) && maySign(root, certificate) && certificate.verify(root.publicKey)))
    return true
  // One that was used is not used again, so a circle ends.
  const issuer = between.find(candidate => maySign(candidate, certificate))
  if (!issuer) return false
  // Only then is its key used: a strange one could be made to take long.
  const others = between.filter(other => other !== issuer)
  return leadsToRoot(issuer, others, roots) && certificate.verify(issuer.publicKey)
}

function maySign(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer)
}

function isValidNow({ validFrom, validTo }: X509Certificate): boolean {
  const now = Date.now()
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo)
}

/**
 * Makes Distribution's name of a key: the first 240 bits of the SHA-256 of its DER form, in base 32, in groups of four. The
 * form comes from libtrust.
 */
export function libtrustKeyId(key: KeyObject): string {
  const hash = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
  const bits = Array.from(hash.subarray(0, 30), byte => byte.toString(2).padStart(8, '0')).join('')
  const letters = bits.replaceAll(/.{5}/g, digits => base32[Number.parseInt(digits, 2)] ?? '')
  return (letters.match(/.{4}/g) ?? []).join(':')
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
