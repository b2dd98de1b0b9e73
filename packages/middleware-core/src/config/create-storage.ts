import { dirname, resolve } from 'node:path'
import type { StorageDriver } from '../contract/index.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { ConfigError, type ConfigIssue, isConfigError, optionName } from '../options/config-error.ts'
import { asInConfigurations } from '../options/spelling.ts'
import { checkSection } from './check-section.ts'
import type { Config } from './config.ts'
import { type Factories, type Kind, type LoadPackage, findFactory } from './find-factory.ts'
import { IssueCollector } from './issue-collector.ts'
import { type RequestedLayer, requestedDriver, requestedMiddlewares } from './requested-layers.ts'
import { type Tree, childOf, keyIn, plain, sourceOf } from './tree.ts'

/** A driver or a middleware that a configuration names, found and with its options checked. */
export interface Layer<K extends Kind = Kind> {
  readonly kind: K
  /** The name that the configuration gives it. */
  readonly name: string
  readonly factory: Factories[K]
  /** Path of its options: `['storage', 's3']`. */
  readonly where: readonly PropertyKey[]
  /** The options as they were given. */
  readonly options: Tree
}

/** A driver and, innermost first, the middlewares around it. */
export interface Stack {
  readonly driver: Layer<'driver'>
  readonly middlewares: readonly Layer<'middleware'>[]
}

/** Options of `createStorage`. */
export interface ResolveOptions {
  /** Takes the place of the search for packages: gives the module of a package, or undefined where there is none. */
  load?: LoadPackage | undefined
}

/**
 * Creates the running stack of a configuration: its driver, inside the middlewares that are not disabled, the first of which is
 * innermost. No driver is created before all options are checked. One `ConfigError` lists every mistake with its place, also
 * those that only show when something is created, such as a key file that is absent. The caller disposes of the
 * result.
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
  if (!issues.isEmpty) await tryOut(middlewares, issues)
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

/** Creates what was resolved, or throws one `ConfigError` with the mistakes of all parts and disposes of what there is. */
export async function buildStack({ driver, middlewares }: Stack): Promise<StorageDriver> {
  const issues = new IssueCollector()
  const innermost = await issues.attempt(() => withLocation(driver, () => driver.factory(optionsOf(driver))))
  if (!innermost) {
    await tryOut(middlewares, issues)
    throw issues.error()
  }
  let storage = innermost
  try {
    for (const layer of middlewares) storage = (await issues.attempt(wrapper(layer, storage))) ?? storage
    issues.throwIfAny()
    return storage
  } catch (error) {
    // What stopped the start matters, not what its cleaning up meets.
    await storage[Symbol.asyncDispose]().catch(() => {})
    throw error
  }
}

/** Gathers the mistakes of middlewares whose driver cannot be created, around one that stands in for it. */
async function tryOut(middlewares: readonly Layer<'middleware'>[], issues: IssueCollector): Promise<void> {
  for (const layer of middlewares) {
    const storage = inmemory()
    const wrapped = await issues.attempt(wrapper(layer, storage))
    await (wrapped ?? storage)[Symbol.asyncDispose]().catch(() => {})
  }
}

function wrapper(layer: Layer<'middleware'>, inner: StorageDriver): () => StorageDriver {
  return () => withLocation(layer, () => layer.factory(optionsOf(layer))(inner))
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

function locate(layer: Layer, { option, problem: inPrograms }: ConfigIssue): ConfigIssue {
  const problem = asInConfigurations(layer.factory.definition.options).text(inPrograms)
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
