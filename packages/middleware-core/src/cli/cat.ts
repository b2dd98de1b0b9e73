import { type Command, InvalidArgumentError } from 'commander'
import { pipeline } from 'node:stream/promises'
import type { CliContext } from './context/cli-context.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStorage } from './context/with-stack.ts'

export function addCat(program: Command, context: CliContext): void {
  program
    .command('cat')
    .description('print the bytes of a file of the storage')
    .argument(...configArgument)
    .argument('<path>', 'a file')
    .option('--offset <bytes>', 'bytes to leave out at the beginning', readNumber, 0)
    .option('--length <bytes>', 'bytes to print at most', readNumber)
    .action((file: string, given: string, { offset, length }: { offset: number; length?: number }) =>
      withStorage(file, context, async storage => {
        const { signal } = context
        const reader = await storage.reader(readStoragePath(given).path, { offset, length, signal })
        await pipeline(reader, context.stdout, { end: false, signal })
      }),
    )
}

function readNumber(given: string): number {
  const number = Number(given)
  if (/^\d+$/.test(given) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError(`found ${given}; accepted: a whole number of bytes`)
}
