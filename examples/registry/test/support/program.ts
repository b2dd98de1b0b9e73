import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Folder, temporaryFolder } from './folder.ts'

/** Built before the tests run, as it is before `npm start`. */
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const longshoreMain = fileURLToPath(new URL('../../../../packages/middleware-core/bin/longshore.js', import.meta.url))

/** The program as a process of its own, and what it has printed so far. */
export interface Program {
  readonly child: ChildProcess
  output: string
  errors: string
  /** The status that it ends with. */
  readonly ended: Promise<number | null>
}

/** A folder for each test of a file, in which programs run; both are gone after it. */
export interface Workplace {
  readonly folder: Folder
  /** Runs the program in the folder, with its temporary files there. */
  start(...options: string[]): Program
  /** Runs the command `longshore` in the folder. */
  longshore(...args: string[]): Program
  /** Writes a configuration and gives its name. */
  configure(text: string): Promise<string>
  /** Runs the program with a configuration. */
  startWith(text: string, ...options: string[]): Promise<Program>
}

export function workplace(): Workplace {
  let programs: Program[] = []
  const folder = temporaryFolder(async () => {
    for (const { child } of programs) child.kill('SIGKILL')
    await Promise.all(programs.map(({ ended }) => ended))
    programs = []
  })
  const runner =
    (file: string) =>
    (...args: string[]): Program => {
      const program = run(folder.path, [file, ...args])
      programs.push(program)
      return program
    }
  const start = runner(main)
  const configure = async (text: string): Promise<string> => {
    await folder.write('config.yml', text)
    return 'config.yml'
  }
  return {
    folder,
    start,
    longshore: runner(longshoreMain),
    configure,
    startWith: async (text, ...options) => start('--config', await configure(text), ...options),
  }
}

function run(directory: string, args: string[]): Program {
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const program: Program = { child, output: '', errors: '', ended }
  child.stdout.on('data', (chunk: Buffer) => (program.output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (program.errors += chunk.toString()))
  return program
}

/** Waits until the program has printed what is looked for. */
export function printed(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  return shown(program, 'output', pattern)
}

/** Waits until the program has told of what is looked for on stderr. */
export function complained(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  return shown(program, 'errors', pattern)
}

async function shown(program: Program, where: 'output' | 'errors', pattern: RegExp): Promise<RegExpExecArray> {
  const stream = where === 'output' ? program.child.stdout : program.child.stderr
  for (;;) {
    const found = pattern.exec(program[where])
    if (found) return found
    const next = once(stream!, 'data').then(() => false)
    const hasEnded = await Promise.race([next, program.ended.then(() => true)])
    if (hasEnded && !pattern.test(program[where])) {
      throw new Error(`ended without ${pattern}: ${program.output}${program.errors}`)
    }
  }
}

/** Where the registry is, once it is ready. */
export async function readyAt(program: Program): Promise<string> {
  const [, url = ''] = await printed(program, /(?:Ready: registry at|Registry) +(http:\/\/\S+?)\/v2\//)
  return url
}

/** Where the server for operators is, once the program is ready. */
export async function operationsAt(program: Program): Promise<string> {
  const [, url = ''] = await printed(program, /(?:health at|Health) +(http:\/\/\S+?)\/healthz/)
  return url
}
