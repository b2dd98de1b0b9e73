import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { build as bundle } from 'esbuild'
import type { LocalCloud } from '@longshore/local-cloud'
import { type S3DriverOptions, optionsOn } from './cloud.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where Node finds the packages that are not bundled; each of Jest's workers has its own. */
const script = here(`../node_modules/.cache/child-${process.env['JEST_WORKER_ID']}.mjs`)

/** Makes one program of the child and the sources that it imports, as they are now. */
export async function build(): Promise<void> {
  await bundle({
    entryPoints: [here('./child.mjs')],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    alias: { '@longshore/middleware-core': here('../../middleware-core/src/index.ts') },
    sourcemap: 'inline',
    logLevel: 'warning',
  })
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
