import { type Command, InvalidArgumentError } from 'commander'
import { isBelow, root } from '../contract/paths.ts'
import type { CliContext } from './context/cli-context.ts'
import { formatBytes } from './context/format.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

/** Sum of the files below a directory. */
interface Usage {
  bytes: number
  files: number
}

interface DuFlags {
  depth: number
  bytes?: boolean
  json?: boolean
}

export function addDu(program: Command, context: CliContext): void {
  program
    .command('du')
    .description('sum the sizes of the files below a directory of the storage')
    .argument(...configArgument)
    .argument('[path]', 'a directory, or a file', '/')
    .option('--depth <levels>', 'levels of directories that get a line of their own', readDepth, 1)
    .option('--bytes', 'exact sizes')
    .option('--json', 'a line of JSON for each')
    .action((file: string, given: string, { depth, bytes, json }: DuFlags) =>
      withStorage(file, context, async storage => {
        const { signal } = context
        const { path } = readStoragePath(given)
        const info = await storage.stat(path, { signal })
        const total: Usage = { bytes: info.size, files: info.isDirectory ? 0 : 1 }
        const print = (directory: string, usage: Usage): void => {
          const size = bytes ? String(usage.bytes) : formatBytes(usage.bytes)
          const line = `${size.padStart(10)}  ${String(usage.files).padStart(9)}  ${directory}`
          context.out(`${json ? JSON.stringify({ path: directory, ...usage }) : line}\n`)
        }
        // A walk comes to a directory right before its contents, so only those on the way to the current one are open.
        let open: { path: string; usage: Usage }[] = []
        const close = (keep: (directory: string) => boolean): void => {
          for (const { path: directory, usage } of open.toReversed()) if (!keep(directory)) print(directory, usage)
          open = open.filter(({ path: directory }) => keep(directory))
        }
        for await (const entry of info.isDirectory ? storage.walk(path, { signal }) : []) {
          close(directory => isBelow(entry.path, directory))
          if (entry.isDirectory) {
            if (levelOf(entry.path) - levelOf(path) <= depth)
              open.push({ path: entry.path, usage: { bytes: 0, files: 0 } })
            continue
          }
          for (const usage of [total, ...open.map(directory => directory.usage)]) {
            usage.bytes += entry.size
            usage.files++
          }
        }
        close(() => false)
        print(path, total)
      }),
    )
}

function levelOf(path: string): number {
  return path === root ? 0 : path.split('/').length - 1
}

function readDepth(given: string): number {
  if (/^\d{1,4}$/.test(given)) return Number(given)
  throw new InvalidArgumentError(`found ${given}; accepted: a whole number`)
}
