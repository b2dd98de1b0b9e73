import { PassThrough, Readable } from 'node:stream'
import { run } from '@longshore/middleware-core/cli'

/** Result of a command: its exit code, and what it printed. */
export interface Outcome {
  code: number
  out: string
  error: string
}

/** Runs a command of `longshore` in this process with these packages. In what it prints, files are named as from the directory. */
export async function runLongshore(
  args: readonly string[],
  directory: string,
  modules: Record<string, () => Promise<unknown>>,
): Promise<Outcome> {
  const printed = { out: '', error: '' }
  const code = await run(args, {
    out: text => {
      printed.out += text
    },
    error: text => {
      printed.error += text
    },
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    signal: new AbortController().signal,
    env: {},
    load: async name => modules[name]?.(),
  })
  const short = (text: string): string => text.replaceAll(`${directory}/`, '')
  return { code, out: short(printed.out), error: short(printed.error) }
}
