import type { Command } from 'commander'
import { isStorageError } from '../contract/errors.ts'
import type { FileInfo } from '../contract/file-info.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import type { CliContext } from './context/cli-context.ts'
import { formatEntry } from './context/format.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

export function addLs(program: Command, context: CliContext): void {
  program
    .command('ls')
    .description('list what a directory of the storage holds, one path a line')
    .argument(...configArgument)
    .argument('[path]', 'a directory, or a file', '/')
    .option('-l, --long', 'with sizes and times, and a slash behind directories')
    .option('--json', 'a line of JSON for each')
    .action((file: string, given: string, { long, json }: { long?: boolean; json?: boolean }) =>
      withStorage(file, context, async storage => {
        const { path } = readStoragePath(given)
        if (!long && !json) {
          for (const child of await listOrFile(storage, path, context.signal)) context.out(`${child}\n`)
          return
        }
        for await (const entry of childrenOrFile(storage, path, context.signal)) {
          context.out(`${json ? JSON.stringify(entry) : formatEntry(entry)}\n`)
        }
      }),
    )
}

async function listOrFile(storage: StorageDriver, path: string, signal: AbortSignal): Promise<string[]> {
  try {
    return await storage.list(path, { signal })
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error
    return [(await storage.stat(path, { signal })).path]
  }
}

async function* childrenOrFile(storage: StorageDriver, path: string, signal: AbortSignal): AsyncIterable<FileInfo> {
  const info = await storage.stat(path, { signal })
  if (info.isDirectory) yield* storage.walk(path, { signal, descend: () => false })
  else yield info
}
