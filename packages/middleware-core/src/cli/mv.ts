import type { Command } from 'commander'
import { StorageError, undefinedIfNotFound } from '../contract/errors.ts'
import type { FileInfo } from '../contract/file-info.ts'
import { isBelow } from '../contract/paths.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import type { CliContext } from './context/cli-context.ts'
import { destinationFor } from './context/destination.ts'
import { formatBytes } from './context/format.ts'
import { needsRecursive } from './context/needs-recursive.ts'
import { nameOf, readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

interface MvFlags {
  recursive?: boolean
  dryRun?: boolean
}

export function addMv(program: Command, context: CliContext): void {
  program
    .command('mv')
    .description('move a file within the storage, replacing what is there, or with -r everything below a directory')
    .argument(...configArgument)
    .argument('<source>', 'a file or a directory')
    .argument('<destination>', 'the new path, or a directory for a file to be put into')
    .option('-r, --recursive', 'a directory: what is below it comes to be below the destination')
    .option('--dry-run', 'only tell what would be moved, and what it would replace')
    .action((file: string, from: string, to: string, { recursive, dryRun }: MvFlags) =>
      withStorage(file, context, async storage => {
        const source = await storage.stat(readStoragePath(from).path, { signal: context.signal })
        if (source.isDirectory && !recursive) throw needsRecursive(source.path)
        const move = dryRun ? previewMove : moveFile
        if (!source.isDirectory)
          await move(storage, source, await destinationFor(storage, nameOf(source.path), to, context.signal), context)
        else {
          for await (const [entry, destination] of movesOf(storage, source.path, to, context)) {
            await move(storage, entry, destination, context)
          }
        }
      }),
    )
}

async function* movesOf(
  storage: StorageDriver,
  source: string,
  given: string,
  { signal }: CliContext,
): AsyncIterable<[FileInfo, string]> {
  const { path: destination } = readStoragePath(given)
  if (destination === source) return
  if (isBelow(destination, source) || isBelow(source, destination)) {
    const detail = `${source} and ${destination}: found one below the other; accepted: directories side by side`
    throw new StorageError('INVALID_ARGUMENT', detail, { path: source })
  }
  for await (const entry of storage.walk(source, { signal })) {
    if (!entry.isDirectory) yield [entry, `${destination}${entry.path.slice(source.length)}`]
  }
}

function moveFile(storage: StorageDriver, source: FileInfo, destination: string, context: CliContext): Promise<void> {
  return storage.move(source.path, destination, { size: source.size, signal: context.signal })
}

async function previewMove(
  storage: StorageDriver,
  source: FileInfo,
  destination: string,
  { signal, out }: CliContext,
): Promise<void> {
  const replaced = await undefinedIfNotFound(storage.stat(destination, { signal, fileOnly: true }))
  const note = replaced && source.path !== destination ? `, replacing ${formatBytes(replaced.size)}` : ''
  out(`would move ${source.path} to ${destination}${note}\n`)
}
