import { ConfigError, type ConfigIssue, isConfigError } from '../options/config-error.ts'

/** Gathers the mistakes of several steps, so that one error tells of them all. */
export class IssueCollector {
  readonly #issues: ConfigIssue[] = []
  #cause: unknown

  /** Runs a step and gives its result, or undefined when it found the configuration wrong. */
  async attempt<T>(step: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      if (!isConfigError(error)) throw error
      this.#issues.push(...error.issues)
      this.#cause ??= error.cause
      return undefined
    }
  }

  get isEmpty(): boolean {
    return this.#issues.length === 0
  }

  /** Makes one error of all that was gathered. */
  error(): ConfigError {
    return new ConfigError(this.#issues, this.#cause === undefined ? {} : { cause: this.#cause })
  }

  throwIfAny(): void {
    if (!this.isEmpty) throw this.error()
  }
}
