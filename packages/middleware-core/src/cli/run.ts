import { Command, CommanderError } from 'commander'
import { addCheck } from './check.ts'
import { addPurgeUploads } from './purge-uploads.ts'
import type { CliContext } from './cli-context.ts'
import { addUrl } from './url.ts'

/** Runs the `longshore` command and gives its exit code. */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  const program = new Command('longshore')
    .description('Looks after the storage stack of a configuration file')
    .option('--debug', 'show the stack trace of an error; so does DEBUG in the environment')
    .configureOutput({ writeOut: text => context.out(text), writeErr: text => context.error(text) })
    .exitOverride()
  // Sub-commands take over the settings of their parent when they are made.
  for (const add of [addCheck, addUrl, addPurgeUploads]) add(program, context)
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    const isDebugging = program.opts<{ debug?: boolean }>().debug || context.env['DEBUG']
    context.error(`${isDebugging ? traceOf(error) : messageOf(error)}\n`)
    return 1
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
