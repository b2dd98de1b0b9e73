import type { Command } from 'commander'
import { namedPackages, packageNamePattern, packageOf } from '../config/find-factory.ts'
import { StorageError } from '../contract/errors.ts'
import type { CliContext } from './context/cli-context.ts'
import { loadCliModule } from './context/load-cli-module.ts'

/**
 * Adds the commands that packages bring: those of one that the arguments name, or else, for the help, the names of all that have
 * some. Packages are looked for as those of a configuration are.
 */
export async function addContributed(program: Command, args: readonly string[], context: CliContext): Promise<void> {
  const [first, second] = args.filter(argument => !argument.startsWith('-'))
  const name = first === 'help' ? second : first
  if (name === undefined) await addNames(program, context)
  else if (!program.commands.some(command => command.name() === name)) await addCommandsOf(name, program, context)
}

async function addNames(program: Command, context: CliContext): Promise<void> {
  const seen = new Set<string>()
  for (const [name, packageName] of namedPackages()) {
    if (seen.has(packageName)) continue
    seen.add(packageName)
    const { addCommands } = await loadCliModule(packageName, context)
    if (typeof addCommands === 'function') program.command(name).description(`commands of ${packageName}`)
  }
}

async function addCommandsOf(name: string, program: Command, context: CliContext): Promise<void> {
  if (!packageNamePattern.test(name)) return
  for (const packageName of new Set([packageOf('driver', name), packageOf('middleware', name)])) {
    const { addCommands } = await loadCliModule(packageName, context)
    if (typeof addCommands !== 'function') continue
    addCommands(program.command(name).description(`commands of ${packageName}`), context)
    return
  }
  const known = namedPackages().get(name)
  if (known === undefined) return
  throw new StorageError('CONFIG', `no commands of ${name}: the package "${known}" is not installed, or has none`)
}
