import { createHash } from 'node:crypto'
import { isStorageError } from '@longshore/middleware-core'
import { type KeyDetails, type KeyOptions, type PrivateSigningKey, parseSigningKey } from './load-keys.ts'
import { readPem, readPemFile } from './pem.ts'
import { warn } from '../warning.ts'

/**
 * A private key in a file that may be replaced. The file is read again and again, and what is in it counts when its bytes
 * are others than before: dates and inodes say too little where Kubernetes swaps a symbolic link or a network file system
 * answers from its cache, and `fs.watch` hears of neither.
 */
export class KeyFile {
  readonly #path: string
  readonly #details: KeyDetails
  /** A digest of what the file held last, right or wrong. */
  #content: string | undefined
  #complaint: string | undefined
  #key: PrivateSigningKey | undefined

  constructor({ privateKey, ...details }: KeyOptions) {
    this.#path = privateKey
    this.#details = details
  }

  /** The key of the last file that was right; undefined while there was none. */
  get key(): PrivateSigningKey | undefined {
    return this.#key
  }

  /** Reads the file at the start; a `ConfigError` when it is no usable key. */
  load(): void {
    this.#take(readPem(this.#path))
  }

  /** Reads the file again. When it holds no usable key now, the one from before stays, and a warning tells why. */
  async reload(): Promise<void> {
    try {
      this.#take(await readPemFile(this.#path))
    } catch (error) {
      this.warnOnce(error)
    }
  }

  /** Warns of why the file is not usable: once, not each time that it is looked at. */
  warnOnce(error: unknown): void {
    const problem = isStorageError(error) ? error.detail : 'unknown error'
    if (problem === this.#complaint) return
    this.#complaint = problem
    const instead = this.#key === undefined ? 'another key signs' : 'the key from before signs'
    warn(
      'LONGSHORE_CLOUDFRONT_KEY',
      `the key file of ${this.#details.keyPairId} is not usable, and ${instead}: ${problem}`,
    )
  }

  #take(pem: string): void {
    const content = createHash('sha256').update(pem).digest('base64')
    if (content === this.#content) return
    this.#content = content
    const key = parseSigningKey(pem, this.#details)
    this.#complaint = undefined
    if (this.#key?.keyPairId === key.keyPairId && !this.#key.publicKey.equals(key.publicKey)) {
      const problem = 'and CloudFront gives every public key an ID of its own'
      warn(
        'LONGSHORE_CLOUDFRONT_KEY_ID',
        `the key file of ${key.keyPairId} holds another key under the same ID, ${problem}`,
      )
    }
    this.#key = key
  }
}
