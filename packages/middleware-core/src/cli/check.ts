import type { Command } from 'commander'
import { describeStack } from './describe-stack.ts'
import { withStack } from './with-stack.ts'
import type { CliContext } from './cli-context.ts'

export function addCheck(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('tell what a configuration puts together, or what is wrong with it')
    .argument('<config>', 'a config.yml; REGISTRY_* variables are laid over it')
    .action((file: string) =>
      withStack(file, context, (_storage, stack) => {
        context.out(`${describeStack(stack)}\nconfiguration is valid\n`)
      }),
    )
}
