import { dirname, resolve } from 'node:path'
import type { StorageDriver } from '../contract/index.ts'
import { ConfigError, type ConfigIssue, isConfigError, optionName } from '../options/config-error.ts'
import { checkSection } from './check-section.ts'
import type { Config } from './config.ts'
import { type Factories, type Kind, type LoadPackage, findFactory } from './find-factory.ts'
import { type RequestedLayer, requestedDriver, requestedMiddlewares } from './requested-layers.ts'
import { type Tree, childOf, keyIn, plain, sourceOf } from './tree.ts'

/** A driver or a middleware that a configuration names, found and with its options checked. */
export interface Layer<K extends Kind = Kind> {
  readonly kind: K
  /** The name that the configuration gives it. */
  readonly name: string
  readonly factory: Factories[K]
  /** Where its options stand: `['storage', 's3']`. */
  readonly where: readonly PropertyKey[]
  /** The options as they were given. */
  readonly options: Tree
}

/** A driver and, innermost first, the middlewares around it. */
export interface Stack {
  readonly driver: Layer<'driver'>
  readonly middlewares: readonly Layer<'middleware'>[]
}

export interface ResolveOptions {
  /** Takes the place of the search for packages: gives the module of a package, or undefined where there is none. */
  load?: LoadPackage | undefined
}

/**
 * The running stack of a configuration: its driver, inside the middlewares that are not disabled, the first of which is
 * innermost. Nothing is created before all options are checked; one `ConfigError` lists every mistake with its place.
 * Whoever calls this disposes of the result.
 */
export async function createStorage(config: Config, options: ResolveOptions = {}): Promise<StorageDriver> {
  return buildStack(await resolveStack(config, options))
}

/** Finds everything that a configuration names and checks all options, so that one error tells of every mistake. */
export async function resolveStack(config: Config, options: ResolveOptions = {}): Promise<Stack> {
  const search = { ...options, directories: [dirname(resolve(config.file)), process.cwd()] }
  const issues = new IssueCollector()
  const driver = await issues.attempt(() => resolveLayer(config, requestedDriver(config), search))
  const requested = await issues.attempt(() => requestedMiddlewares(config))
  const middlewares: Layer<'middleware'>[] = []
  for (const middleware of requested ?? []) {
    const layer = await issues.attempt(() => resolveLayer(config, middleware, search))
    if (layer) middlewares.push(layer)
  }
  issues.throwIfAny()
  return { driver: driver as Layer<'driver'>, middlewares }
}

async function resolveLayer<K extends Kind>(
  config: Config,
  { kind, name, named, where, options }: RequestedLayer<K>,
  search: Parameters<typeof findFactory>[2],
): Promise<Layer<K>> {
  const factory = await findFactory(kind, name, search).catch((error: unknown) => {
    if (!isConfigError(error)) throw error
    const issues = error.issues.map(({ problem }) => ({ ...named, problem }))
    throw new ConfigError(issues, error.cause === undefined ? {} : { cause: error.cause })
  })
  const { tree } = checkSection(factory.definition.options, options, where, message => config.warn(message))
  return { kind, name, factory, where, options: tree }
}

/** Gathers the mistakes of several steps, so that one error tells of them all. */
class IssueCollector {
  readonly #issues: ConfigIssue[] = []
  #cause: unknown

  /** Runs a step and gives its result, or undefined when it found the configuration wrong. */
  async attempt<T>(step: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      if (!isConfigError(error)) throw error
      this.#issues.push(...error.issues)
      this.#cause ??= error.cause
      return undefined
    }
  }

  throwIfAny(): void {
    if (this.#issues.length === 0) return
    throw new ConfigError(this.#issues, this.#cause === undefined ? {} : { cause: this.#cause })
  }
}

/** Creates what was resolved. When one part fails, those before it are disposed of. */
export async function buildStack({ driver, middlewares }: Stack): Promise<StorageDriver> {
  let storage = withLocation(driver, () => driver.factory(optionsOf(driver)))
  try {
    for (const layer of middlewares) {
      const inner = storage
      storage = withLocation(layer, () => layer.factory(optionsOf(layer))(inner))
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

/** Adds to a layer's own errors, such as about a key file that is absent, where the option was given. */
function withLocation<T>(layer: Layer, create: () => T): T {
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
  const given = asSpelled(layer, isOwnName ? option.slice(1) : option)
  return { option: [optionName(layer.where), ...given], problem, location: sourceOf(layer.options, given).location }
}

function asSpelled(layer: Layer, option: readonly PropertyKey[]): PropertyKey[] {
  let here: ReturnType<typeof childOf> = layer.options
  return option.map(part => {
    const key = here?.kind === 'mapping' ? keyIn(here, String(part)) : undefined
    here = childOf(here, part)
    return key ?? (typeof part === 'string' ? part.toLowerCase() : part)
  })
}
