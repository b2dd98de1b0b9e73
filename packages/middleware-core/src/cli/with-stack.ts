import { type Config, loadConfig } from '../config/config.ts'
import { type Stack, buildStack, resolveStack } from '../config/create-storage.ts'
import type { StorageDriver } from '../contract/index.ts'
import type { CliContext } from './cli-context.ts'

/** Resolves a configuration file, runs `use` on its stack and disposes of it. Warnings come first, mistakes or not. */
export async function withStack<T>(
  file: string,
  context: CliContext,
  use: (storage: StorageDriver, stack: Stack, config: Config) => Promise<T> | T,
): Promise<T> {
  const config = await loadConfig(file, { env: context.env })
  const stack = await resolveStack(config, { load: context.load }).finally(() => printWarnings(config, context))
  await using storage = await buildStack(stack)
  return await use(storage, stack, config)
}

function printWarnings(config: Config, context: CliContext): void {
  for (const warning of config.warnings) context.error(`warning: ${warning}\n`)
}
