import { type KeyObject, verify } from 'node:crypto'
import { StorageError, isStorageError } from '@longshore/middleware-core'
import { type PublicKey, readPublicKey } from './public-key.ts'
import type { HashAlgorithm, KeyIdentity, SigningKey } from '../signing/signing-key.ts'

/**
 * Signs `bytes` with a private key that is kept elsewhere, in a KMS or an HSM. It hashes them itself, with the option
 * `hashAlgorithm`: RSASSA-PKCS1-v1_5 or ECDSA, the latter in DER. (AWS KMS, which knows no SHA-1: `MessageType: 'RAW'` with
 * `RSASSA_PKCS1_V1_5_SHA_256` or `ECDSA_SHA_256`, and `hashAlgorithm: 'SHA256'`.)
 *
 * A `StorageError` that it throws reaches the caller as it is. Any other error becomes one: `UNAVAILABLE` when it says that
 * another try may work, as throttling, a server's own failure, a lost connection and a time limit do, or else `UNKNOWN`.
 */
export type SignFunction = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** A signing key made of a function, and what CloudFront knows of it. */
export interface SignFunctionOptions extends KeyIdentity {
  readonly sign: SignFunction
  /** When it is given, every signature is verified with it before it is used. */
  readonly publicKey?: PublicKey | undefined
}

/** A private key that somebody else keeps. */
export class ExternalSigningKey implements SigningKey {
  readonly keyPairId: string
  readonly hashAlgorithm: HashAlgorithm
  readonly #sign: SignFunction
  readonly #publicKey: KeyObject | undefined

  constructor({ keyPairId, hashAlgorithm, sign, publicKey }: SignFunctionOptions) {
    this.keyPairId = keyPairId
    this.hashAlgorithm = hashAlgorithm
    this.#sign = sign
    this.#publicKey = publicKey === undefined ? undefined : readPublicKey(publicKey, 'publicKey')
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#call(data)
    if (!(signature instanceof Uint8Array) || signature.length === 0) {
      throw this.#failure('UNKNOWN', 'gave no signature; accepted: a Uint8Array')
    }
    if (this.#publicKey && !verify(this.hashAlgorithm, data, this.#publicKey, signature)) {
      const by = `that the public key does not verify with ${this.hashAlgorithm}`
      throw this.#failure('UNKNOWN', `gave a signature ${by}`)
    }
    return signature
  }

  async #call(data: Uint8Array): Promise<Uint8Array> {
    try {
      // A copy: what is verified must be what was asked for.
      return await this.#sign(Uint8Array.from(data))
    } catch (error) {
      if (isStorageError(error)) throw error
      const said: AwsLikeError = Object(error) as AwsLikeError
      // Its message stays out of what clients may see: only who wrote the function knows what is in it.
      const what = `failed (${[said.code, said.name].find(name => typeof name === 'string') ?? 'unknown error'})`
      throw this.#failure(isRetryable(said) ? 'UNAVAILABLE' : 'UNKNOWN', what, error)
    }
  }

  #failure(code: 'UNKNOWN' | 'UNAVAILABLE', what: string, cause?: unknown): StorageError {
    const detail = `the function that signs for ${this.keyPairId} ${what}`
    return new StorageError(code, detail, { retryAfter: code === 'UNAVAILABLE' ? 1 : undefined, cause })
  }
}

const networkFailure = /^(EAI_AGAIN|ECONN(REFUSED|RESET)|E(HOST|NET)UNREACH|ENOTFOUND|EPIPE|ETIMEDOUT)$/

/** What the AWS SDK and Node say of their errors. */
interface AwsLikeError {
  readonly name?: unknown
  readonly code?: unknown
  readonly $retryable?: unknown
  readonly $fault?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
}

function isRetryable({ name, code, $retryable, $fault, $metadata }: AwsLikeError): boolean {
  const status = $metadata?.httpStatusCode ?? 0
  if ($retryable || $fault === 'server' || status === 429 || status >= 500) return true
  return name === 'TimeoutError' || (typeof code === 'string' && networkFailure.test(code))
}
