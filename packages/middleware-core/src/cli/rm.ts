import type { Command } from 'commander'
import type { StorageDriver } from '../contract/storage-driver.ts'
import type { CliContext } from './context/cli-context.ts'
import { needsRecursive } from './context/needs-recursive.ts'
import { formatBytes, formatCount } from './context/format.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

interface RmFlags {
  recursive?: boolean
  dryRun?: boolean
}

export function addRm(program: Command, context: CliContext): void {
  program
    .command('rm')
    .description('remove files of the storage, and with -r directories with everything below them')
    .argument(...configArgument)
    .argument('<path...>', 'files or directories')
    .option('-r, --recursive', 'directories, too')
    .option('--dry-run', 'only tell what would be removed')
    .action((file: string, given: string[], { recursive, dryRun }: RmFlags) =>
      withStorage(file, context, async storage => {
        const { signal } = context
        const paths = given.map(path => readStoragePath(path).path)
        // All are looked at before the first is removed: a mistake in one of them removes nothing.
        const infos = []
        for (const path of paths) infos.push(await storage.stat(path, { signal }))
        for (const { path, isDirectory } of infos) if (isDirectory && !recursive) throw needsRecursive(path)
        for (const { path, isDirectory, size } of infos) {
          if (!dryRun) await storage.delete(path, { signal, ...(recursive ? {} : { fileOnly: true }) })
          else if (isDirectory) await previewDirectory(storage, path, context)
          else context.out(`would remove ${path} (${formatBytes(size)})\n`)
        }
      }),
    )
}

async function previewDirectory(storage: StorageDriver, path: string, context: CliContext): Promise<void> {
  let [files, bytes] = [0, 0]
  for await (const entry of storage.walk(path, { signal: context.signal })) {
    if (entry.isDirectory) continue
    context.out(`would remove ${entry.path} (${formatBytes(entry.size)})\n`)
    files++
    bytes += entry.size
  }
  context.out(`would remove ${path}/ with ${formatCount(files, 'file')} (${formatBytes(bytes)})\n`)
}
