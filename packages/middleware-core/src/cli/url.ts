import type { Command } from 'commander'
import { StorageError } from '../contract/errors.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument, withStack } from './context/with-stack.ts'
import type { CliContext } from './context/cli-context.ts'

export function addUrl(program: Command, context: CliContext): void {
  program
    .command('url')
    .description('print the URL from which a client can fetch a file')
    .argument(...configArgument)
    .argument('<path>', 'the path of the file in the storage, such as /docker/registry/v2/...')
    .action((file: string, given: string) =>
      withStack(file, context, async storage => {
        const { path } = readStoragePath(given)
        const signed = await storage.urlFor(path, { signal: context.signal })
        if (!signed) {
          throw new StorageError('UNSUPPORTED', `no URL for ${path}: this stack leaves it to the service to serve it`)
        }
        context.out(`${signed.url}\n`)
        context.error(`via ${signed.via}, expires ${signed.expiresAt.toISOString()}\n`)
      }),
    )
}
