import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { isStorageSetting } from '../config/sections.ts'
import { describeStack } from './describe-stack.ts'
import { configArgument, withStack } from './context/with-stack.ts'
import type { CliContext } from './context/cli-context.ts'

export function addCheck(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('tell what a configuration puts together, or what is wrong with it')
    .argument(...configArgument)
    .action((file: string) =>
      withStack(file, context, (_storage, stack, config) => {
        context.out(`${describeStack(stack)}\n${verdict(config)}\n`)
      }),
    )
}

/** Says what was read: only the service that runs on the stack knows the other sections, and checks them. */
function verdict(config: Config): string {
  const unread = unreadParts(config)
  if (unread.length === 0) return 'configuration is valid'
  return `storage and middleware are valid; not read here, but by the service: ${unread.join(', ')}`
}

function unreadParts(config: Config): string[] {
  const read = new Set(['version', 'storage', 'middleware'])
  const sections = config.toJSON().sections.filter(name => !read.has(name.toLowerCase()))
  const storage = config.part(['storage'])
  const settings = storage.kind === 'mapping' ? [...storage.entries.keys()].filter(isStorageSetting) : []
  return [...settings.map(name => `storage.${name}`), ...sections]
}
