import type { Command } from 'commander'
import { checkConfiguration } from '../check-configuration.ts'
import { loadRegistryConfig } from '../config/load.ts'
import { configFile } from './config-file.ts'

/** Adds the command that reads a configuration as a registry does, and starts nothing. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('tell what is wrong with a configuration, or with a file that it names')
    .argument('[config]', 'a config.yml, unless --config names it')
    .action((file: string | undefined, _options: object, command: Command) => check(configFile(file, command)))
}

async function check(file: string): Promise<void> {
  const config = await loadRegistryConfig(file)
  try {
    await checkConfiguration(config)
  } finally {
    for (const warning of config.warnings) console.error(`Warning: ${warning}`)
  }
  console.log(`${file} is valid`)
}
