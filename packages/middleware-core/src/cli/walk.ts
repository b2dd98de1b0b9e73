import type { Command } from 'commander'
import { walkPosition } from '../contract/paths.ts'
import type { CliContext } from './context/cli-context.ts'
import { formatEntry } from './context/format.ts'
import { readStoragePath, withoutScheme } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

interface WalkFlags {
  files?: boolean
  long?: boolean
  json?: boolean
  startAfter?: string
}

export function addWalk(program: Command, context: CliContext): void {
  program
    .command('walk')
    .description(
      'list everything below a directory of the storage, one path a line, directories with a slash at the end',
    )
    .argument(...configArgument)
    .argument('[path]', 'a directory', '/')
    .option('--files', 'files only')
    .option('-l, --long', 'with sizes and times')
    .option('--json', 'a line of JSON for each')
    .option('--start-after <path>', 'only what comes behind this path, as an earlier walk printed it')
    .action((file: string, given: string, { files, long, json, startAfter }: WalkFlags) =>
      withStorage(file, context, async storage => {
        const { path } = readStoragePath(given)
        for await (const entry of storage.walk(path, {
          startAfter: startAfter === undefined ? undefined : withoutScheme(startAfter),
          signal: context.signal,
        })) {
          if (files && entry.isDirectory) continue
          context.out(`${json ? JSON.stringify(entry) : long ? formatEntry(entry) : walkPosition(entry)}\n`)
        }
      }),
    )
}
