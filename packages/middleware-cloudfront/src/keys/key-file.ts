import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isStorageError } from '@longshore/middleware-core'
import { type KeyDetails, type KeyOptions, type PrivateSigningKey, parseSigningKey } from './load-keys.ts'
import { readKeyFile, readKeyFileSync } from './read-key-file.ts'
import { warn } from '../warning.ts'

/** Reading of key files while they are watched, for tests to replace. */
export interface KeyFileReading {
  /** Reads a file's text; a `ConfigError` when it cannot. */
  readonly readFile: (path: string) => Promise<string>
  /** Milliseconds after which a file counts as one that does not answer. */
  readonly timeoutMs: number
}

const defaultReading: KeyFileReading = { readFile: readKeyFile, timeoutMs: 5000 }

/**
 * Reads of key files under way at once in this process. On a file system that hangs each holds one of the four threads of
 * libuv's pool until the file system answers, and signatures are made on the same threads.
 */
const MAX_PENDING_READS = 2
let pendingReads = 0

/**
 * Private key in a file that may be replaced. The file is read again and again, and counts as replaced when its bytes differ:
 * dates and inodes say too little where Kubernetes swaps a symbolic link or a network file system answers from its cache, and
 * `fs.watch` hears of neither.
 */
export class KeyFile {
  readonly #path: string
  readonly #details: KeyDetails
  readonly #reading: KeyFileReading
  /** SHA-256 of the last contents, usable or not. */
  #digest: string | undefined
  /** Reason why these contents are not usable. */
  #contentError: unknown
  /** Problem that was warned of last, while it lasts. */
  #warnedProblem: string | undefined
  #key: PrivateSigningKey | undefined
  #isReading = false

  constructor({ privateKey, ...details }: KeyOptions, reading: Partial<KeyFileReading> = {}) {
    this.#path = privateKey
    this.#details = details
    this.#reading = { ...defaultReading, ...reading }
  }

  /** Key of the last usable contents; undefined while there were none. */
  get key(): PrivateSigningKey | undefined {
    return this.#key
  }

  /** Reads the file at the start. Throws a `ConfigError` when it holds no usable key. */
  load(): void {
    this.#use(readKeyFileSync(this.#path))
  }

  /**
   * Reads the file again. When it holds no usable key now, the last one stays, and a warning says why. A file that does not
   * answer in time is warned of, too; its read goes on, and no other one begins before that has ended.
   */
  async reload(): Promise<void> {
    if (this.#isReading || pendingReads >= MAX_PENDING_READS) return
    const timer = new AbortController()
    const { timeoutMs } = this.#reading
    const late = delay(timeoutMs, 'late', { ref: false, signal: timer.signal }).catch(() => 'in time')
    if ((await Promise.race([this.#read(), late])) === 'late') {
      this.#warn(`no answer within ${timeoutMs / 1000} s from the file system of ${JSON.stringify(this.#path)}`)
    }
    timer.abort()
  }

  /** Warns of why the file is not usable: once for as long as that lasts. */
  warnOnce(error: unknown): void {
    this.#warn(isStorageError(error) ? error.detail : 'unknown error')
  }

  #warn(problem: string): void {
    if (problem === this.#warnedProblem) return
    this.#warnedProblem = problem
    const instead = this.#key === undefined ? 'another key signs' : 'the key from before signs'
    warn(
      'LONGSHORE_CLOUDFRONT_KEY',
      `the key file of ${this.#details.keyPairId} is not usable, and ${instead}: ${problem}`,
    )
  }

  async #read(): Promise<void> {
    this.#isReading = true
    pendingReads++
    try {
      this.#use(await this.#reading.readFile(this.#path))
    } catch (error) {
      this.warnOnce(error)
    } finally {
      pendingReads--
      this.#isReading = false
    }
  }

  #use(text: string): void {
    const digest = createHash('sha256').update(text).digest('base64')
    if (digest !== this.#digest) {
      this.#digest = digest
      this.#contentError = undefined
      try {
        this.#replaceKey(parseSigningKey(text, this.#details))
      } catch (error) {
        this.#contentError = error
      }
    }
    if (this.#contentError !== undefined) throw this.#contentError
    this.#warnedProblem = undefined
  }

  #replaceKey(key: PrivateSigningKey): void {
    if (this.#key?.keyPairId === key.keyPairId && !this.#key.publicKey.equals(key.publicKey)) {
      const reason = 'and CloudFront gives every public key an ID of its own'
      warn(
        'LONGSHORE_CLOUDFRONT_KEY_ID',
        `the key file of ${key.keyPairId} holds another key under the same ID, ${reason}`,
      )
    }
    this.#key = key
  }
}
