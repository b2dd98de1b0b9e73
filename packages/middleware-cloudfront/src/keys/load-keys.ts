import { type KeyObject, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { optionError } from '@longshore/middleware-core'
import { type Pem, codeOf, isPem, keyError, parsePem } from './pem.ts'
import { describeKey, isUsable } from './public-key.ts'
import { readKeyFileSync } from './read-key-file.ts'
import type { HashAlgorithm, KeyIdentity, SigningKey } from '../signing/signing-key.ts'
import { verifyKeyPair } from './self-test.ts'

/** Properties of a private key beside its PEM. */
export interface KeyDetails extends KeyIdentity {
  readonly passphrase?: string | undefined
}

/** Private key and its properties. */
export interface KeyOptions extends KeyDetails {
  /** Path of a PEM file, or the PEM itself. */
  readonly privateKey: string
}

/** Reads a private key once, see {@link parseSigningKey}. */
export function readSigningKey(options: KeyOptions): PrivateSigningKey {
  const { privateKey } = options
  return parseSigningKey(isPem(privateKey) ? privateKey : readKeyFileSync(privateKey), options)
}

/**
 * Parses a private key and makes one signature with it, so that a wrong key is found here and not by the first request.
 * Throws a `ConfigError` that says what was found and what is accepted, and shows nothing of the key.
 */
export function parseSigningKey(text: string, details: KeyDetails): PrivateSigningKey {
  const { hashAlgorithm, passphrase } = details
  const pem = parsePem(text)
  const keyPairId = pem.keyPairId ?? details.keyPairId
  const key = parsePrivateKey(pem, passphrase)
  if (!isUsable(key)) throw keyError(`found a private key of type ${describeKey(key)}`)
  verifyKeyPair(key, { pem: pem.text, passphrase }, { keyPairId, hashAlgorithm })
  return new PrivateSigningKey(key, { keyPairId, hashAlgorithm })
}

const signInPool = promisify(sign)

/**
 * Private key in this process. A signature takes some 250 µs of one core with RSA and 20 µs with EC, so it is made on libuv's
 * thread pool: four threads, unless `UV_THREADPOOL_SIZE` says otherwise, shared with the file system.
 */
export class PrivateSigningKey implements SigningKey {
  readonly keyPairId: string
  readonly hashAlgorithm: HashAlgorithm
  readonly publicKey: KeyObject
  readonly #key: KeyObject

  constructor(key: KeyObject, { keyPairId, hashAlgorithm }: KeyIdentity) {
    this.keyPairId = keyPairId
    this.hashAlgorithm = hashAlgorithm
    this.publicKey = createPublicKey(key)
    this.#key = key
  }

  sign(data: Uint8Array): Promise<Uint8Array> {
    return signInPool(this.hashAlgorithm, data, this.#key)
  }
}

function parsePrivateKey({ text, labels, isEncrypted }: Pem, passphrase: string | undefined): KeyObject {
  if (!labels.some(label => /^(rsa |ec |encrypted )?private key$/.test(label))) {
    throw keyError(`found a PEM of ${labels.join(', ')}, which is no private key`)
  }
  if (isEncrypted && passphrase === undefined) {
    throw optionError('passphrase', 'missing, and the private key is encrypted; accepted: the passphrase that opens it')
  }
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    if (!isEncrypted) throw keyError(`found a damaged private key (${codeOf(error)})`)
    throw optionError('passphrase', `does not open the private key (${codeOf(error)}); accepted: the one that does`)
  }
}
