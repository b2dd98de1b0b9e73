import { Command, CommanderError } from 'commander'
import { addCat } from './cat.ts'
import { addCheck } from './check.ts'
import { addContributed } from './contributed.ts'
import { type CliContext, Interruption } from './context/cli-context.ts'
import { messageOf } from './context/message-of.ts'
import { addCp } from './cp.ts'
import { addDoctor } from './doctor.ts'
import { addDu } from './du.ts'
import { addEdge } from './edge.ts'
import { addLs } from './ls.ts'
import { addMv } from './mv.ts'
import { addPolicy } from './policy.ts'
import { addRm } from './rm.ts'
import { addStat } from './stat.ts'
import { addSweep } from './sweep.ts'
import { addUrl } from './url.ts'
import { addWalk } from './walk.ts'

const commands = [
  addCheck,
  addDoctor,
  addEdge,
  addPolicy,
  addUrl,
  addLs,
  addStat,
  addCat,
  addCp,
  addMv,
  addRm,
  addDu,
  addWalk,
  addSweep,
]

/** Exit code for a command line that is not understood; 1 is for what fails. */
const USAGE = 2

const help = `
CONFIG is the config.yml of a registry; REGISTRY_* variables of the environment are laid over it. Paths are those of the
storage: /docker/registry/v2, or storage:/docker/registry/v2.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

/** Runs the `longshore` command and gives its exit code. */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  const program = new Command('longshore')
    .description('Looks after the storage stack of a configuration file')
    .option('--debug', 'show the stack trace of an error; so does DEBUG in the environment')
    .addHelpText('after', help)
    .configureOutput({ writeOut: text => context.out(text), writeErr: text => context.error(text) })
    .exitOverride()
  // Sub-commands take over the settings of their parent when they are made.
  for (const add of commands) add(program, context)
  try {
    await addContributed(program, args, context)
    await program.parseAsync(args, { from: 'user' })
    return context.signal.aborted ? exitCodeOf(context.signal.reason) : 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    const isInterrupted = context.signal.aborted && !(error instanceof Interruption)
    const cause: unknown = isInterrupted ? context.signal.reason : error
    const isDebugging = program.opts<{ debug?: boolean }>().debug || context.env['DEBUG']
    const message = isDebugging ? traceOf(error) : messageOf(cause)
    if (message !== '') context.error(`${message}\n`)
    return exitCodeOf(cause)
  }
}

function exitCodeOf(cause: unknown): number {
  return cause instanceof Interruption ? cause.exitCode : 1
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
