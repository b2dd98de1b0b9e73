import type { StorageDriver } from '../contract/index.ts'
import { ConfigError, type ConfigIssue, optionName } from '../options/config-error.ts'
import type { Config } from './config.ts'
import { type Layer, type ResolveOptions, type Stack, resolveStack } from './resolve-stack.ts'
import { childOf, keyIn, plain, sourceOf } from './tree.ts'

/**
 * The running stack of a configuration: its driver, inside the middlewares that are not disabled, the first of which is
 * innermost. Nothing is created before all options are checked; one `ConfigError` lists every mistake with its place.
 * Whoever calls this disposes of the result.
 */
export async function createStorage(config: Config, options: ResolveOptions = {}): Promise<StorageDriver> {
  return buildStack(await resolveStack(config, options))
}

/** Creates what was resolved. When one part fails, those before it are disposed of. */
export async function buildStack({ driver, middlewares }: Stack): Promise<StorageDriver> {
  let storage = located(driver, () => driver.factory(optionsOf(driver)))
  try {
    for (const layer of middlewares) {
      const inner = storage
      storage = located(layer, () => layer.factory(optionsOf(layer))(inner))
    }
    return storage
  } catch (error) {
    // What stopped the start matters, not what its cleaning up meets.
    await storage[Symbol.asyncDispose]().catch(() => {})
    throw error
  }
}

function optionsOf(layer: Layer): Record<string, unknown> {
  return plain(layer.options) as Record<string, unknown>
}

/** Adds to a layer's own complaints, such as about a key file that is absent, where the option was given. */
function located<T>(layer: Layer, create: () => T): T {
  try {
    return create()
  } catch (error) {
    if (!isConfigError(error)) throw error
    throw new ConfigError(
      error.issues.map(issue => locate(layer, issue)),
      { cause: error.cause ?? error },
    )
  }
}

function locate(layer: Layer, { option, problem }: ConfigIssue): ConfigIssue {
  const isOwnName = option[0] === `${layer.factory.definition.name} options`
  const given = spelledAsFound(layer, isOwnName ? option.slice(1) : option)
  return { option: [optionName(layer.where), ...given], problem, location: sourceOf(layer.options, given).location }
}

function spelledAsFound(layer: Layer, option: readonly PropertyKey[]): PropertyKey[] {
  let here: ReturnType<typeof childOf> = layer.options
  return option.map(part => {
    const key = here?.kind === 'mapping' ? keyIn(here, String(part)) : undefined
    here = childOf(here, part)
    return key ?? (typeof part === 'string' ? part.toLowerCase() : part)
  })
}

/** By its looks, because a linked package may bring a copy of this one. */
function isConfigError(error: unknown): error is ConfigError {
  return error instanceof Error && error.name === 'ConfigError' && Array.isArray((error as ConfigError).issues)
}
