import { readFile } from 'node:fs/promises'
import { type Config, ConfigError, isConfigError } from '@longshore/middleware-core'

/** Reads a file that an option names. Throws a `ConfigError` when it cannot be read; `remedy` says what to do then. */
export async function readOptionFile(option: readonly string[], path: string, remedy?: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    const problem = problems[code] ?? `cannot be read (${code})`
    throw fileError(option, path, remedy === undefined ? problem : `${problem}; ${remedy}`, cause)
  }
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'found a directory; accepted: a file',
  EACCES: 'no permission to read the file',
}

/** Makes an error of what is wrong with a file that an option names. */
export function fileError(option: readonly string[], path: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError([{ option, problem: `${path}: ${problem}` }], { cause })
}

/**
 * Runs a task that works with values of a configuration, and adds to its errors where the options were given. `names` are
 * those of the configuration for options that the task calls as programs do.
 */
export async function withLocation<Result>(
  config: Config,
  task: () => Result | Promise<Result>,
  names: Readonly<Record<string, readonly string[]>> = {},
): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    if (!isConfigError(error)) throw error
    const issues = error.issues.map(({ option, problem, location }) => {
      const path = names[String(option[0])] ?? option.map(String)
      return { option: path, problem, location: location ?? config.part(path).source.location }
    })
    throw new ConfigError(issues, { cause: error.cause })
  }
}
