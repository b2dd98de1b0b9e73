import type { Command } from 'commander'
import { describeStack } from './describe-stack.ts'
import { configArgument, printWarnings, withStackOf } from './context/with-stack.ts'
import type { CliContext } from './context/cli-context.ts'
import { readConfig } from './context/service.ts'

export function addCheck(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('tell what a configuration puts together, or what is wrong with it')
    .argument(...configArgument)
    .action(async (file: string) => {
      const { config, checkSections } = await readConfig(file, context)
      // The service reads all of the file, so that one run tells of every mistake.
      const verdict = await checkSections().catch((error: unknown) => {
        printWarnings(config, context)
        throw error
      })
      await withStackOf(config, context, (_storage, stack) => context.out(`${describeStack(stack)}\n${verdict}\n`))
    })
}
