import { StorageError, isStorageError } from '../contract/errors.ts'

/** One mistake in a configuration. */
export interface ConfigIssue {
  /** The option as its schema spells it, then what is inside it: `['keys', 0, 'privateKey']`. Empty: the whole section. */
  readonly option: readonly PropertyKey[]
  /** Value that was found and values that are accepted. Never holds a secret. */
  readonly problem: string
  /** Place at which the option was given: a file and line, or the name of an environment variable. */
  readonly location?: string | undefined
}

/**
 * A wrong configuration: every mistake in it, one line each. Drivers and middlewares throw it with the options as they
 * know them; loading a configuration file adds where each was given.
 */
export class ConfigError extends StorageError {
  override readonly name: string = 'ConfigError'
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], init: { cause?: unknown } = {}) {
    super('CONFIG', issues.map(describe).join('\n'), init)
    this.issues = issues
  }
}

/** True for a {@link ConfigError} of any copy of this package: a linked package may bring its own. */
export function isConfigError(error: unknown): error is ConfigError {
  return isStorageError(error, 'CONFIG') && Array.isArray((error as ConfigError).issues)
}

/** A single mistake in one option, found by whoever uses it: a file that is absent, a key that is no key. */
export function optionError(option: string, problem: string, init: { cause?: unknown } = {}): ConfigError {
  return new ConfigError([{ option: [option], problem }], init)
}

/** `storage.s3.chunksize`, `middleware.storage[0].options.keys[1]`. */
export function optionName(option: readonly PropertyKey[]): string {
  return option
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${String(part)}`))
    .join('')
}

function describe({ option, problem, location }: ConfigIssue): string {
  return [location, optionName(option), problem].filter(Boolean).join(': ')
}
