import type { Command } from 'commander'

/** Gives the configuration of a command. Distribution takes it as an argument; the registry itself as an option. */
export function configFile(argument: string | undefined, command: Command): string {
  const file = argument ?? command.optsWithGlobals<{ config?: string }>().config
  return file ?? command.error('error: which configuration? accepted: --config <file>')
}
