import type { Command } from 'commander'
import { describeStack } from './describe-stack.ts'
import { withStack } from './load.ts'
import type { Terminal } from './terminal.ts'

export function addCheck(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .description('tell what a configuration puts together, or what is wrong with it')
    .argument('<config>', 'a config.yml; REGISTRY_* variables are laid over it')
    .action((file: string) =>
      withStack(file, terminal, (_storage, stack) => {
        terminal.out(`${describeStack(stack)}\nconfiguration is valid\n`)
      }),
    )
}
