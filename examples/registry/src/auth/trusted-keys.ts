import { type KeyObject, type X509Certificate, createPublicKey } from 'node:crypto'
import { type JWK, type ProtectedHeaderParameters, calculateJwkThumbprint } from 'jose'
import { keyOfChain, libtrustKeyId } from './certificates.ts'
import { TokenError, shown } from './token-error.ts'

/** Public key of a token server. */
interface TrustedKey {
  readonly key: KeyObject
  readonly jwk: JWK
  /** Its own name if it has one, Distribution's name of it, and its thumbprint (RFC 7638). */
  readonly names: ReadonlySet<string>
}

/** Keys that tokens may be signed with, and certificates that may vouch for others. */
export class TrustedKeys {
  readonly #keys: readonly TrustedKey[]
  readonly #roots: readonly X509Certificate[]

  private constructor(keys: readonly TrustedKey[], roots: readonly X509Certificate[]) {
    this.#keys = keys
    this.#roots = roots
  }

  /** Takes public keys and those of certificates. Rejects when one is no key. */
  static async of(jwks: readonly JWK[], roots: readonly X509Certificate[]): Promise<TrustedKeys> {
    const ofRoots = roots.map(({ publicKey }) => publicKey.export({ format: 'jwk' }) as JWK)
    return new TrustedKeys(await Promise.all([...jwks, ...ofRoots].map(trusted)), roots)
  }

  /**
   * Finds the keys that may have signed a token: that of the certificates in it, those with the name that it gives, or
   * without a name each that fits the algorithm. Nothing else in a token is trusted. Throws a {@link TokenError} when
   * there is none.
   */
  candidates({ alg = '', kid, x5c, jwk }: ProtectedHeaderParameters): KeyObject[] {
    const chain = x5c ?? jwk?.x5c
    if (chain !== undefined) return [this.#keyOfChain(chain)]
    const name = kid || jwk?.kid || undefined
    const named = name === undefined ? this.#keys : this.#keys.filter(({ names }) => names.has(name))
    const fitting = named.filter(candidate => fits(candidate.jwk, alg))
    if (fitting.length > 0) return fitting.map(({ key }) => key)
    const what = named.length > 0 || name === undefined ? `for ${shown(alg)}` : `of the name ${shown(name)}`
    throw new TokenError('unknown key', `there is no key ${what}`)
  }

  #keyOfChain(chain: unknown): KeyObject {
    const isList = Array.isArray(chain) && chain.every(item => typeof item === 'string')
    const key = isList ? keyIn(chain, this.#roots) : undefined
    if (!key) throw new TokenError('certificates', 'its certificates (x5c) do not lead to rootcertbundle')
    return key
  }
}

function keyIn(chain: readonly string[], roots: readonly X509Certificate[]): KeyObject | undefined {
  try {
    return keyOfChain(chain, roots)
  } catch {
    return undefined
  }
}

async function trusted(jwk: JWK): Promise<TrustedKey> {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const names = [libtrustKeyId(key), await calculateJwkThumbprint(jwk), ...(jwk.kid === undefined ? [] : [jwk.kid])]
  return { key, jwk, names: new Set(names) }
}

/** Kinds of keys of the algorithms (RFC 7518, 3.1 and RFC 8037). */
const keyTypes: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }
const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'Ed25519' }

/** Decides whether a key is for an algorithm: of its kind, and not kept for something else (RFC 7517, 4.2 to 4.4). */
function fits(jwk: JWK, alg: string): boolean {
  const { kty, crv, use = 'sig', key_ops: operations = ['verify'] } = jwk
  const curve = curves[alg]
  if (kty !== keyTypes[alg.slice(0, 2)] || (curve !== undefined && crv !== curve)) return false
  return (jwk.alg ?? alg) === alg && use === 'sig' && operations.includes('verify')
}
