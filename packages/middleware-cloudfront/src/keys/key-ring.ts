import { ConfigError, type ConfigIssue, isConfigError } from '@longshore/middleware-core'
import { KeyFile } from './key-file.ts'
import type { KeyEntry, KeySettings } from './options.ts'
import { readSigningKey } from './load-keys.ts'
import { isPem } from './pem.ts'
import { ExternalSigningKey } from './sign-function.ts'
import type { HashAlgorithm, SigningKey } from '../signing/signing-key.ts'

/** Where one key comes from. */
interface KeySource {
  /** Undefined until the key was read and found usable. */
  readonly key: SigningKey | undefined
  /** Reads the key at the start; a `ConfigError` when it is not usable. */
  load(): void
}

export interface KeyRingOptions {
  /** Milliseconds between two looks at the key files. Default 5,000. */
  readonly pollIntervalMs?: number | undefined
  /** Called when another key signs from now on. */
  readonly onChange?: (() => void) | undefined
}

/**
 * The keys that the options name, in their order; the first usable one signs. Key files are read again as long as the ring
 * lives, so that a key is replaced, or an earlier one of the list takes over, without a restart.
 */
export class KeyRing {
  readonly #sources: readonly KeySource[]
  readonly #onChange: () => void
  #current: SigningKey
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  /** Throws a `ConfigError` when a key is wrong; one in a file may be as long as another one is usable. */
  constructor(settings: KeySettings, { pollIntervalMs = 5000, onChange = () => {} }: KeyRingOptions = {}) {
    this.#sources = loadedSources(settings)
    this.#current = firstKey(this.#sources) as SigningKey
    this.#onChange = onChange
    if (this.#files().length > 0) this.#timer = setInterval(() => void this.#look(), pollIntervalMs).unref()
  }

  /** The key that signs. */
  get current(): SigningKey {
    return this.#current
  }

  /** Ends the looking after files. The current key still signs. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    // On a slow file system two looks at once would both find the same change, and warn of it twice.
    if (this.#isLooking) return
    this.#isLooking = true
    await Promise.all(this.#files().map(file => file.reload()))
    this.#isLooking = false
    const first = firstKey(this.#sources) as SigningKey
    if (first === this.#current || this.#timer === undefined) return
    this.#current = first
    this.#onChange()
  }

  #files(): KeyFile[] {
    return this.#sources.filter(source => source instanceof KeyFile)
  }
}

/** Undefined while no file holds a usable key. */
function firstKey(sources: readonly KeySource[]): SigningKey | undefined {
  return sources.find(({ key }) => key !== undefined)?.key
}

/** Reads all keys, or throws one error that tells of everything that is wrong. */
function loadedSources({ keys, hashAlgorithm, ...single }: KeySettings): KeySource[] {
  // Without a list there is a single key: the rules of the options see to it.
  const entries = keys ?? [single as KeyEntry]
  const sources = entries.map(entry => sourceOf(entry, hashAlgorithm))
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

function sourceOf({ sign, privateKey = '', ...known }: KeyEntry, hashAlgorithm: HashAlgorithm): KeySource {
  const details = { ...known, hashAlgorithm }
  if (sign) return new FixedKey(() => new ExternalSigningKey({ ...details, sign }))
  if (isPem(privateKey)) return new FixedKey(() => readSigningKey({ ...details, privateKey }))
  return new KeyFile({ ...details, privateKey })
}

/** A key that stays as it is. */
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

/** The issues of an option inside another one. */
function within(where: readonly PropertyKey[], { issues }: ConfigError): ConfigIssue[] {
  return issues.map(issue => ({ ...issue, option: [...where, ...issue.option] }))
}
