import { type Command, InvalidArgumentError } from 'commander'
import * as option from '../options/option.ts'
import type { CliContext } from './context/cli-context.ts'
import { formatCount } from './context/format.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

export function addSweep(program: Command, context: CliContext): void {
  program
    .command('sweep')
    .description('discard unfinished uploads that nobody will continue')
    .argument(...configArgument)
    .requiredOption('--older-than <duration>', 'those last touched longer ago than this, such as 24h', readDuration)
    .option('--path <directory>', 'those below this directory', '/')
    .action((file: string, { olderThan, path }: { olderThan: number; path: string }) =>
      withStorage(file, context, async storage => {
        const { uploads } = await storage.purgeUploads({
          olderThan: new Date(Date.now() - olderThan),
          path: readStoragePath(path).path,
          signal: context.signal,
        })
        context.out(`${formatCount(uploads, 'unfinished upload')} discarded\n`)
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
