import { type KeyObject, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { optionError } from '@longshore/middleware-core'
import { codeOf, isEncrypted, keyError, keyPairIdIn, labelsOf, readPem } from './pem.ts'
import { describeKey, isUsable } from './public-key.ts'
import type { HashAlgorithm, KeyIdentity, SigningKey } from '../signing/signing-key.ts'
import { verifyKeyPair } from './self-test.ts'

/** What is known of a private key beside its PEM. */
export interface KeyDetails extends KeyIdentity {
  readonly passphrase?: string | undefined
}

/** Where a private key is, and what CloudFront knows of it. */
export interface KeyOptions extends KeyDetails {
  /** The path of a PEM file, or the PEM itself. */
  readonly privateKey: string
}

/** Reads a private key once, see {@link parseSigningKey}. */
export function readSigningKey(options: KeyOptions): PrivateSigningKey {
  return parseSigningKey(readPem(options.privateKey), options)
}

/**
 * Parses a private key and makes a trial signature with it, so that a wrong key is found here and not by the first pull.
 * Throws a `ConfigError` that says what was found and what is accepted, and shows nothing of the key.
 */
export function parseSigningKey(pem: string, details: KeyDetails): PrivateSigningKey {
  const { hashAlgorithm, passphrase } = details
  const keyPairId = keyPairIdIn(pem) ?? details.keyPairId
  const key = parse(pem, passphrase)
  if (!isUsable(key)) throw keyError(`found a private key of type ${describeKey(key)}`)
  verifyKeyPair(key, { pem, passphrase }, { keyPairId, hashAlgorithm })
  return new PrivateSigningKey(key, { keyPairId, hashAlgorithm })
}

const signInPool = promisify(sign)

/**
 * A private key in this process. A signature takes the time of some 250 µs of one core with RSA and 20 µs with EC, so it is
 * made on libuv's thread pool: four threads, unless `UV_THREADPOOL_SIZE` says otherwise, shared with the file system.
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

function parse(pem: string, passphrase: string | undefined): KeyObject {
  const labels = labelsOf(pem)
  if (labels.length === 0) throw keyError('found a file that is not a PEM')
  if (!labels.some(label => /^(rsa |ec |encrypted )?private key$/.test(label)))
    throw keyError(`found ${labels.join(', ')}`)
  if (isEncrypted(pem) && passphrase === undefined) {
    throw optionError('passphrase', 'missing, and the private key is encrypted; accepted: the passphrase that opens it')
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    if (!isEncrypted(pem)) throw keyError(`found a damaged private key (${codeOf(error)})`)
    throw optionError('passphrase', `does not open the private key (${codeOf(error)}); accepted: the one that does`)
  }
}
