import type { X509Certificate } from 'node:crypto'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { TokenSettings } from '../config/auth.ts'
import { fileError, readOptionFile } from '../config/option-file.ts'
import { readCertificates } from './certificates.ts'
import { TrustedKeys } from './trusted-keys.ts'

const certificatesOption = ['auth', 'token', 'rootcertbundle']
const keysOption = ['auth', 'token', 'jwks']

const keySet = z.object({ keys: z.array(z.custom<JWK>(isPublicKey)).min(1) })

/** Accepts public keys only: a private one does not belong here, and a shared one would let whoever checks tokens make them. */
function isPublicKey(value: unknown): value is JWK {
  const { kty, kid, d } = (value ?? {}) as Record<string, unknown>
  return ['RSA', 'EC', 'OKP'].includes(String(kty)) && ['string', 'undefined'].includes(typeof kid) && d === undefined
}

/** Reads the keys of a token server. Throws a `ConfigError` for what is wrong with a file. */
export async function readTokenKeys({ rootCertBundle, jwks }: TokenSettings): Promise<TrustedKeys> {
  const roots = rootCertBundle === undefined ? [] : await certificatesFrom(rootCertBundle)
  if (jwks === undefined) return TrustedKeys.of([], roots)
  const content = await readOptionFile(keysOption, jwks)
  try {
    const { keys } = keySet.parse(JSON.parse(content))
    return await TrustedKeys.of(keys, roots)
  } catch (cause) {
    const accepted = 'a JSON Web Key Set of public RSA, EC or OKP keys'
    throw fileError(keysOption, jwks, `accepted: ${accepted}`, cause)
  }
}

async function certificatesFrom(path: string): Promise<X509Certificate[]> {
  const pem = await readOptionFile(certificatesOption, path)
  try {
    return readCertificates(pem)
  } catch (cause) {
    throw fileError(certificatesOption, path, 'accepted: certificates in PEM, and nothing else', cause)
  }
}
