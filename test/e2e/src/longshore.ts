import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The command, as `npx longshore` runs it. Built before the tests run. */
export const longshoreProgram: string = fileURLToPath(
  new URL('../../../packages/middleware-core/bin/longshore.js', import.meta.url),
)

/** Exit code of a command, and what it printed. */
export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** Runs the command to its end, with PATH and this environment alone. */
export async function runLongshore(
  args: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [longshoreProgram, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await ended, out, error }
}
