import { type Config, loadConfig } from '../../config/config.ts'
import { type Stack, buildStack, resolveStack } from '../../config/create-storage.ts'
import { StorageError, isStorageError } from '../../contract/errors.ts'
import type { StorageDriver } from '../../contract/index.ts'
import type { CliContext } from './cli-context.ts'

/** Milliseconds in which a storage has to give its first answer. */
const ANSWER_MS = 4000

/** Description of the argument that every command begins with. */
export const configArgument = ['<config>', 'a config.yml; REGISTRY_* variables are laid over it'] as const

/** Resolves a configuration file, runs `use` on its stack and disposes of it. Warnings come first, mistakes or not. */
export async function withStack<T>(
  file: string,
  context: CliContext,
  use: (storage: StorageDriver, stack: Stack, config: Config) => Promise<T> | T,
): Promise<T> {
  return withStackOf(await loadConfig(file, { env: context.env }), context, use)
}

/** Does for a configuration that was read what {@link withStack} does for a file. */
export async function withStackOf<T>(
  config: Config,
  context: CliContext,
  use: (storage: StorageDriver, stack: Stack, config: Config) => Promise<T> | T,
): Promise<T> {
  const stack = await resolveStack(config, { load: context.load }).finally(() => printWarnings(config, context))
  await using storage = await buildStack(stack)
  return await use(storage, stack, config)
}

/** Runs `use` on a stack whose storage answers: one that is out of reach is told at once, before anything is begun. */
export function withStorage<T>(
  file: string,
  context: CliContext,
  use: (storage: StorageDriver) => Promise<T> | T,
): Promise<T> {
  return withStack(file, context, async storage => {
    await assertReachable(storage, context.signal)
    return await use(storage)
  })
}

async function assertReachable(storage: StorageDriver, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(ANSWER_MS)
  try {
    await storage.stat('/', { signal: AbortSignal.any([signal, limit]) })
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) {
      const detail = `the storage has given no answer for ${ANSWER_MS / 1000} seconds`
      throw new StorageError('UNAVAILABLE', detail, { driver: storage.name })
    }
    // Other refusals may be of this question only, as where a permission is given for some of the paths.
    if (isStorageError(error, 'UNAVAILABLE', 'UNKNOWN')) throw error
  }
}

/** Prints the oddities of a configuration. */
export function printWarnings(config: Config, context: CliContext): void {
  for (const warning of config.warnings) context.error(`warning: ${warning}\n`)
}
