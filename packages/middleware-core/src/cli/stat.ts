import type { Command } from 'commander'
import type { FileInfo } from '../contract/file-info.ts'
import { keyOf } from '../contract/storage-driver.ts'
import type { CliContext } from './context/cli-context.ts'
import { formatBytes } from './context/format.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

export function addStat(program: Command, context: CliContext): void {
  program
    .command('stat')
    .description('tell what is at a path of the storage')
    .argument(...configArgument)
    .argument('<path>', 'a file or a directory')
    .option('--json', 'as JSON')
    .action((file: string, given: string, { json }: { json?: boolean }) =>
      withStorage(file, context, async storage => {
        const { path } = readStoragePath(given)
        const info = await storage.stat(path, { signal: context.signal })
        const key = info.isDirectory ? undefined : keyOf(storage, path)
        if (json) context.out(`${JSON.stringify({ ...info, key })}\n`)
        else for (const [name, value] of rowsOf(info, key)) context.out(`${name.padEnd(14)}${value}\n`)
      }),
    )
}

function rowsOf(info: FileInfo, key: string | undefined): [name: string, value: string][] {
  const { path, size, modifiedAt, isDirectory, revision, metadata: { custom = {}, ...headers } = {} } = info
  if (isDirectory)
    return [
      ['path', path],
      ['kind', 'directory'],
    ]
  const rows: [string, string | undefined][] = [
    ['path', path],
    ['kind', 'file'],
    ['key', key],
    ['size', size < 1024 ? formatBytes(size) : `${formatBytes(size)} (${size} B)`],
    ['modified', modifiedAt.toISOString()],
    ['revision', revision],
    ['type', headers.contentType],
    ['cache', headers.cacheControl],
    ['disposition', headers.contentDisposition],
    ['encoding', headers.contentEncoding],
    ['language', headers.contentLanguage],
    ...Object.entries(custom).map(([name, value]): [string, string] => [`meta ${name} `, value]),
  ]
  return rows.filter((row): row is [string, string] => row[1] !== undefined)
}
