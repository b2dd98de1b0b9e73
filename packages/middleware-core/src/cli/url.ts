import type { Command } from 'commander'
import { StorageError } from '../contract/errors.ts'
import { withStack } from './with-stack.ts'
import type { CliContext } from './cli-context.ts'

export function addUrl(program: Command, context: CliContext): void {
  program
    .command('url')
    .description('print the URL from which a client can fetch a file')
    .argument('<config>', 'a config.yml; REGISTRY_* variables are laid over it')
    .argument('<path>', 'the path of the file in the storage, such as /docker/registry/v2/...')
    .action((file: string, path: string) =>
      withStack(file, context, async storage => {
        const signed = await storage.urlFor(path)
        if (!signed) {
          throw new StorageError('UNSUPPORTED', `no URL for ${path}: this stack leaves it to the service to serve it`)
        }
        context.out(`${signed.url}\n`)
        context.error(`via ${signed.via}, expires ${signed.expiresAt.toISOString()}\n`)
      }),
    )
}
