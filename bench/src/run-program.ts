import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface RunOptions {
  readonly signal: AbortSignal
  /** Variables beside those of this process. */
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end and returns what it printed. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { signal, env }: RunOptions,
): Promise<string> {
  const options = { signal, env: { ...process.env, ...env }, maxBuffer: 2 ** 28 }
  return (await run(command, args, options)).stdout
}
