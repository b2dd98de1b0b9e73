import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { CliContext } from '../../src/cli/context/cli-context.ts'
import { run } from '../../src/cli/run.ts'

/** Outcome of a command. */
export interface Outcome {
  code: number
  out: string
  error: string
  /** Bytes that it printed. */
  bytes: Buffer
}

/** Runs a command in this process. */
export async function longshore(
  args: readonly string[],
  context: Partial<CliContext> & { input?: string | Buffer } = {},
): Promise<Outcome> {
  const stdout = new PassThrough()
  const bytes = buffer(stdout)
  const printed = { out: '', error: '' }
  const code = await run(args, {
    out: text => {
      printed.out += text
    },
    error: text => {
      printed.error += text
    },
    stdin: Readable.from([context.input ?? '']),
    stdout,
    signal: new AbortController().signal,
    env: {},
    ...context,
  })
  stdout.end()
  return { code, ...printed, bytes: await bytes }
}
