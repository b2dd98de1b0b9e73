import { type KeyObject, createPrivateKey, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { optionError } from '@longshore/middleware-core'
import { codeOf, isEncrypted, keyError, labelsOf, readPem } from './pem.ts'
import type { HashAlgorithm, KeyIdentity, SigningKey } from './signer.ts'
import { assertSigns } from './trial.ts'

/** Where a private key is, and what CloudFront knows of it. */
export interface KeyOptions extends KeyIdentity {
  /** The path of a PEM file, or the PEM itself. */
  readonly privateKey: string
  readonly passphrase?: string | undefined
}

/**
 * Reads a private key, once, and makes a trial signature with it, so that a wrong key stops the start and not the first
 * pull. Throws a `ConfigError` that says what was found and what is accepted, and shows nothing of the key.
 */
export function readSigningKey(options: KeyOptions): SigningKey {
  const { keyPairId, hashAlgorithm, passphrase } = options
  const pem = readPem(options.privateKey)
  const key = parse(pem, passphrase)
  assertUsable(key)
  assertSigns(key, { pem, passphrase }, { keyPairId, hashAlgorithm })
  return new PrivateSigningKey(key, { keyPairId, hashAlgorithm })
}

const signInPool = promisify(sign)

/**
 * A private key in this process. A signature takes the time of some 250 µs of one core with RSA and 20 µs with EC, so it is
 * made on libuv's thread pool: four threads, unless `UV_THREADPOOL_SIZE` says otherwise, shared with the file system.
 */
class PrivateSigningKey implements SigningKey {
  readonly keyPairId: string
  readonly hashAlgorithm: HashAlgorithm
  readonly #key: KeyObject

  constructor(key: KeyObject, { keyPairId, hashAlgorithm }: KeyIdentity) {
    this.keyPairId = keyPairId
    this.hashAlgorithm = hashAlgorithm
    this.#key = key
  }

  sign(data: Uint8Array): Promise<Buffer> {
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

/** CloudFront takes two kinds of keys: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html */
function assertUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): void {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  if (asymmetricKeyType === 'rsa' && modulusLength === 2048) return
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return
  const detail = modulusLength === undefined ? namedCurve && ` on ${namedCurve}` : ` of ${modulusLength} bits`
  throw keyError(`found a private key of type ${asymmetricKeyType}${detail ?? ''}`)
}
