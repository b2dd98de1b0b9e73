import { ConfigError, type ConfigIssue } from '../options/config-error.ts'

/** Gathers the mistakes of several steps, so that one error tells of them all. */
export class IssueCollector {
  readonly #issues: ConfigIssue[] = []
  #cause: unknown

  /** Runs a step and gives its result, or undefined when it found the configuration wrong. */
  async attempt<T>(step: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#issues.push(...error.issues)
      this.#cause ??= error.cause
      return undefined
    }
  }

  throwIfAny(): void {
    if (this.#issues.length === 0) return
    throw new ConfigError(this.#issues, this.#cause === undefined ? {} : { cause: this.#cause })
  }
}
