import { ConfigError, type ConfigIssue, isConfigError } from '@longshore/middleware-core'
import { KeyFile, type KeyFileReading } from './key-file.ts'
import type { KeyEntry, KeySettings } from './options.ts'
import { readSigningKey } from './load-keys.ts'
import { isPem } from './pem.ts'
import { ExternalSigningKey } from './sign-function.ts'
import type { HashAlgorithm, SigningKey } from '../signing/signing-key.ts'

/** Source of one key. */
interface KeySource {
  /** Undefined until the key was read and found usable. */
  readonly key: SigningKey | undefined
  /** Reads the key at the start. Throws a `ConfigError` when it is not usable. */
  load(): void
}

export interface KeyRingOptions extends Partial<KeyFileReading> {
  /** Milliseconds between two reads of a key file. Default 5,000. */
  readonly pollIntervalMs?: number | undefined
  /** Called when another key signs from now on. */
  readonly onChange?: (() => void) | undefined
}

/**
 * Keys that the options name, in their order; the first usable one signs. Key files are polled as long as the ring lives, so
 * that a key is replaced, or an earlier one of the list takes over, without a restart.
 */
export class KeyRing {
  readonly #sources: readonly KeySource[]
  readonly #onChange: () => void
  #current: SigningKey
  #timer: NodeJS.Timeout | undefined
  #isPolling = false

  /** Throws a `ConfigError` when a key is wrong; one in a file may be as long as another one is usable. */
  constructor(settings: KeySettings, { pollIntervalMs = 5000, onChange = () => {}, ...reading }: KeyRingOptions = {}) {
    this.#sources = loadedSources(settings, reading)
    this.#current = firstKey(this.#sources) as SigningKey
    this.#onChange = onChange
    if (this.#files().length > 0) this.#timer = setInterval(() => void this.#poll(), pollIntervalMs).unref()
  }

  /** Key that signs. */
  get current(): SigningKey {
    return this.#current
  }

  /** Stops polling. The current key still signs. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Reads the files one after the other, so that one that does not answer delays the others and holds back none. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    for (const file of this.#files()) await file.reload()
    this.#isPolling = false
    const first = firstKey(this.#sources) as SigningKey
    if (first === this.#current || this.#timer === undefined) return
    this.#current = first
    this.#onChange()
  }

  #files(): KeyFile[] {
    return this.#sources.filter(source => source instanceof KeyFile)
  }
}

/** First usable key; undefined while there is none. */
function firstKey(sources: readonly KeySource[]): SigningKey | undefined {
  return sources.find(({ key }) => key !== undefined)?.key
}

/** Loads all keys, or throws one error that names everything that is wrong. */
function loadedSources({ keys, hashAlgorithm, ...single }: KeySettings, reading: Partial<KeyFileReading>): KeySource[] {
  // Without a list there is a single key: the rules of the options see to it.
  const entries = keys ?? [single as KeyEntry]
  const sources = entries.map(entry => sourceOf(entry, hashAlgorithm, reading))
  const errors = new Map<KeySource, ConfigError>()
  const issues: ConfigIssue[] = []
  for (const [index, source] of sources.entries()) {
    try {
      source.load()
    } catch (error) {
      if (!isConfigError(error)) throw error
      errors.set(source, error)
      issues.push(...(keys ? within(['keys', index], error) : error.issues))
    }
  }
  const isFatal = [...errors.keys()].some(source => !(source instanceof KeyFile))
  if (isFatal || firstKey(sources) === undefined) throw new ConfigError(issues)
  for (const [source, error] of errors) if (source instanceof KeyFile) source.warnOnce(error)
  return sources
}

function sourceOf(
  { sign, privateKey = '', ...known }: KeyEntry,
  hashAlgorithm: HashAlgorithm,
  reading: Partial<KeyFileReading>,
): KeySource {
  const details = { ...known, hashAlgorithm }
  if (sign) return new FixedKey(() => new ExternalSigningKey({ ...details, sign }))
  if (isPem(privateKey)) return new FixedKey(() => readSigningKey({ ...details, privateKey }))
  return new KeyFile({ ...details, privateKey }, reading)
}

/** Key that never changes. */
class FixedKey implements KeySource {
  readonly #read: () => SigningKey
  #key: SigningKey | undefined

  constructor(read: () => SigningKey) {
    this.#read = read
  }

  get key(): SigningKey | undefined {
    return this.#key
  }

  load(): void {
    this.#key = this.#read()
  }
}

/** Issues of an option inside another one. */
function within(where: readonly PropertyKey[], { issues }: ConfigError): ConfigIssue[] {
  return issues.map(issue => ({ ...issue, option: [...where, ...issue.option] }))
}
