import { type X509Certificate, createPublicKey } from 'node:crypto'
import { type JWK, type JWTVerifyGetKey, calculateJwkThumbprint, createLocalJWKSet, errors } from 'jose'
import { z } from 'zod'
import type { TokenSettings } from '../config/auth.ts'
import { fileError, readOptionFile } from '../config/option-file.ts'
import { keyOfChain, libtrustKeyId, readCertificates } from './certificates.ts'

const certificatesOption = ['auth', 'token', 'rootcertbundle']
const keysOption = ['auth', 'token', 'jwks']

const keySet = z.object({ keys: z.array(z.custom<JWK>(isPublicKey)).min(1) })

/** Accepts public keys only: a private one does not belong here, and a shared one would let whoever checks tokens make them. */
function isPublicKey(value: unknown): value is JWK {
  const { kty, kid, d } = (value ?? {}) as Record<string, unknown>
  return ['RSA', 'EC', 'OKP'].includes(String(kty)) && ['string', 'undefined'].includes(typeof kid) && d === undefined
}

/** Reads the keys of a token server. Throws a `ConfigError` for what is wrong with a file. */
export async function readTokenKeys({ rootCertBundle, jwks }: TokenSettings): Promise<JWTVerifyGetKey> {
  const roots = rootCertBundle === undefined ? [] : await certificatesFrom(rootCertBundle)
  const keys = jwks === undefined ? [] : await keysFrom(jwks)
  return keyFinder(roots, [...keys, ...(await Promise.all(roots.map(keysOfCertificate))).flat()])
}

/** Finds a token's key: by the name that it gives, or by the certificates in it. Nothing else in a token is trusted. */
function keyFinder(roots: readonly X509Certificate[], keys: readonly JWK[]): JWTVerifyGetKey {
  const named = createLocalJWKSet({ keys: [...keys] })
  return (header, token) => {
    const { x5c } = header
    if (x5c === undefined) return named(header, token)
    const key = isListOfTexts(x5c) ? keyOfChain(x5c, roots) : undefined
    if (!key) throw new errors.JWKSNoMatchingKey()
    return key
  }
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}

async function certificatesFrom(path: string): Promise<X509Certificate[]> {
  const pem = await readOptionFile(certificatesOption, path)
  try {
    return readCertificates(pem)
  } catch (cause) {
    throw fileError(certificatesOption, path, 'accepted: certificates in PEM, and nothing else', cause)
  }
}

/** Makes keys of a certificate, under both names that token servers use. */
async function keysOfCertificate({ publicKey }: X509Certificate): Promise<JWK[]> {
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  return [libtrustKeyId(publicKey), await calculateJwkThumbprint(jwk)].map(kid => ({ ...jwk, kid }))
}

async function keysFrom(path: string): Promise<JWK[]> {
  const content = await readOptionFile(keysOption, path)
  try {
    const { keys } = keySet.parse(JSON.parse(content))
    return await Promise.all(keys.map(named))
  } catch (cause) {
    const accepted = 'a JSON Web Key Set of public RSA, EC or OKP keys'
    throw fileError(keysOption, path, `accepted: ${accepted}`, cause)
  }
}

/** Names a key without a name by its thumbprint (RFC 7638). Throws when it is no key. */
async function named(key: JWK): Promise<JWK> {
  createPublicKey({ key, format: 'jwk' })
  return { ...key, kid: key.kid ?? (await calculateJwkThumbprint(key)) }
}
