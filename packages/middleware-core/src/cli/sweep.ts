import { type Command, InvalidArgumentError } from 'commander'
import * as option from '../options/option.ts'
import type { CliContext } from './context/cli-context.ts'
import { formatCount } from './context/format.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

interface SweepFlags {
  olderThan: number
  path: string
  dryRun?: boolean
}

export function addSweep(program: Command, context: CliContext): void {
  program
    .command('sweep')
    .description('discard unfinished uploads that nobody will continue')
    .argument(...configArgument)
    .requiredOption('--older-than <duration>', 'those last touched longer ago than this, such as 24h', readDuration)
    .option('--path <directory>', 'those below this directory', '/')
    .option('--dry-run', 'only tell how many they are')
    .action((file: string, { olderThan, path, dryRun = false }: SweepFlags) =>
      withStorage(file, context, async storage => {
        const { uploads } = await storage.purgeUploads({
          olderThan: new Date(Date.now() - olderThan),
          path: readStoragePath(path).path,
          dryRun,
          signal: context.signal,
        })
        const count = formatCount(uploads, 'unfinished upload')
        context.out(dryRun ? `would discard ${count}\n` : `${count} discarded\n`)
      }),
    )
}

/** Parses a duration into milliseconds. */
function readDuration(given: string): number {
  const { data, error } = option.duration().safeParse(given)
  if (data !== undefined && Number.isFinite(new Date(Date.now() - data).getTime())) return data
  if (data !== undefined) throw new InvalidArgumentError(`found ${given}; accepted: no longer than dates reach back`)
  throw new InvalidArgumentError(error?.issues[0]?.message ?? '')
}
