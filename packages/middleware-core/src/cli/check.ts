import type { Command } from 'commander'
import { describeStack } from './describe-stack.ts'
import { configArgument, withStack } from './context/with-stack.ts'
import type { CliContext } from './context/cli-context.ts'
import { readByService } from './context/service.ts'

export function addCheck(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('tell what a configuration puts together, or what is wrong with it')
    .argument(...configArgument)
    .action((file: string) =>
      withStack(file, context, async (_storage, stack, config) => {
        const verdict = await readByService(config, context)
        context.out(`${describeStack(stack)}\n${verdict}\n`)
      }),
    )
}
