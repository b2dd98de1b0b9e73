import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { CliContext } from './context/cli-context.ts'
import { copyJobs } from './copy/copy-jobs.ts'
import { type CopyFlags, runCopies } from './copy/run-copies.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

export function addCp(program: Command, context: CliContext): void {
  program
    .command('cp')
    .description('copy files to, from and within the storage; the same command again continues what was interrupted')
    .argument(...configArgument)
    .argument('<source>', 'storage:/path, a file of this machine, or - for the standard input')
    .argument('<destination>', 'storage:/path, a file or directory of this machine, or - for the standard output')
    .option('-r, --recursive', 'a directory: what is below it comes to be below the destination')
    .option('--verify', 'read the copy again and compare')
    .option('-q, --quiet', 'no progress')
    .option('--json', 'a line of JSON for each file that was copied')
    .action((file: string, source: string, destination: string, flags: CopyFlags & { recursive?: boolean }) =>
      withStorage(file, context, async storage => {
        const { recursive: isRecursive = false } = flags
        const plan = await copyJobs({ storage, context, config: resolve(file), source, destination, isRecursive })
        await runCopies(plan, context, flags)
      }),
    )
}
