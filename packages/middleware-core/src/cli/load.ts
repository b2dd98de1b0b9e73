import { type Config, loadConfig } from '../config/config.ts'
import { type Stack, buildStack, resolveStack } from '../config/create-storage.ts'
import type { StorageDriver } from '../contract/index.ts'
import type { Terminal } from './terminal.ts'

/** Resolves a configuration file, runs `use` on its stack and disposes of it. Warnings come first, mistakes or not. */
export async function withStack<T>(
  file: string,
  terminal: Terminal,
  use: (storage: StorageDriver, stack: Stack) => Promise<T> | T,
): Promise<T> {
  const config = await loadConfig(file, { env: terminal.env })
  const stack = await resolveStack(config, { load: terminal.load }).finally(() => printWarnings(config, terminal))
  await using storage = await buildStack(stack)
  return await use(storage, stack)
}

function printWarnings(config: Config, terminal: Terminal): void {
  for (const warning of config.warnings) terminal.error(`warning: ${warning}\n`)
}
