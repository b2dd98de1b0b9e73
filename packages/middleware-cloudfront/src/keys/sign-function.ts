import { type KeyObject, verify } from 'node:crypto'
import { StorageError, isStorageError } from '@longshore/middleware-core'
import { type PublicKey, readPublicKey } from './public-key.ts'
import type { HashAlgorithm, KeyIdentity, SigningKey } from '../signing/signing-key.ts'

/**
 * Function that signs `bytes` with a private key kept elsewhere, in a KMS or an HSM. It hashes them itself, with the option
 * `hashAlgorithm`: RSASSA-PKCS1-v1_5 or ECDSA, the latter in DER. (AWS KMS, which knows no SHA-1: `MessageType: 'RAW'` with
 * `RSASSA_PKCS1_V1_5_SHA_256` or `ECDSA_SHA_256`, and `hashAlgorithm: 'SHA256'`.)
 *
 * Throws a `StorageError`, which reaches the caller as it is. Any other error becomes one: `UNAVAILABLE` for throttling, a
 * server's own failure, a lost connection and a time limit, or else `UNKNOWN`.
 */
export type SignFunction = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** Function that signs, and the properties of its key. */
export interface SignFunctionOptions extends KeyIdentity {
  readonly sign: SignFunction
  /** Key by which every signature is verified before it is used. */
  readonly publicKey?: PublicKey | undefined
}

/** Private key that is kept elsewhere. */
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
      const awsError: AwsLikeError = Object(error) as AwsLikeError
      // Its message is not shown to clients: it may hold anything.
      const problem = `failed (${[awsError.code, awsError.name].find(name => typeof name === 'string') ?? 'unknown error'})`
      throw this.#failure(isRetryable(awsError) ? 'UNAVAILABLE' : 'UNKNOWN', problem, error)
    }
  }

  #failure(code: 'UNKNOWN' | 'UNAVAILABLE', problem: string, cause?: unknown): StorageError {
    const detail = `the function that signs for ${this.keyPairId} ${problem}`
    return new StorageError(code, detail, { retryAfter: code === 'UNAVAILABLE' ? 1 : undefined, cause })
  }
}

const networkFailure = /^(EAI_AGAIN|ECONN(REFUSED|RESET)|E(HOST|NET)UNREACH|ENOTFOUND|EPIPE|ETIMEDOUT)$/

/** Properties of errors of the AWS SDK and of Node. */
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
