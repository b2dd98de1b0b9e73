import { type Config, ConfigError } from '@longshore/middleware-core'

/** Runs what works with values of a configuration, and adds to its mistakes where the options were given. */
export async function withLocation<Result>(config: Config, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const issues = error.issues.map(issue => ({
      ...issue,
      location: issue.location ?? config.part(issue.option.map(String)).source.location,
    }))
    throw new ConfigError(issues, { cause: error.cause })
  }
}
