import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LocalCloud } from '@longshore/local-cloud'
import { type S3DriverOptions, optionsOn } from './cloud.ts'

const script = fileURLToPath(new URL('./child.mjs', import.meta.url))
const packageFolder = fileURLToPath(new URL('..', import.meta.url))

/** Builds what a child imports, unless it is up to date. `npm test` has done so already. */
export function build(): void {
  const compiler = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
  execFileSync(process.execPath, [compiler, '-b', packageFolder], { stdio: 'inherit' })
  if (!existsSync(`${packageFolder}/dist/index.js`)) throw new Error('the build gave no dist/index.js')
}

/** A process with a driver of its own. `line` is the first line that it prints. */
export interface Child {
  readonly process: ChildProcess
  readonly line: Promise<string>
}

export function start(
  cloud: LocalCloud,
  job: string,
  path: string,
  rest: unknown[],
  options: Partial<S3DriverOptions> = {},
): Child {
  const child = spawn(
    process.execPath,
    ['--no-warnings', script, job, JSON.stringify(optionsOn(cloud, options)), path, ...rest.map(String)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  return { process: child, line: firstLine(child) }
}

/** Runs a job to its end. */
export async function run(...job: Parameters<typeof start>): Promise<string> {
  const { line } = start(...job)
  return line
}

async function firstLine(child: ChildProcess): Promise<string> {
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', chunk => (output.stdout += String(chunk)))
  child.stderr?.on('data', chunk => (output.stderr += String(chunk)))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the process ended with ${code}: ${output.stderr}`)
  return output.stdout.trim()
}
