import { dirname, resolve } from 'node:path'
import { checkSection } from './check-section.ts'
import { ConfigError } from '../options/config-error.ts'
import type { Config } from './config.ts'
import { type Factories, type LoadPackage, findFactory } from './find-factory.ts'
import { IssueCollector } from './issue-collector.ts'
import type { Kind } from './known-packages.ts'
import type { Tree } from './tree.ts'
import { type WantedLayer, wantedDriver, wantedMiddlewares } from './wanted-layers.ts'

/** A driver or a middleware as a configuration wants it, found and with its options checked. */
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

/** What a configuration puts together: a driver and, innermost first, the middlewares around it. */
export interface Stack {
  readonly driver: Layer<'driver'>
  readonly middlewares: readonly Layer<'middleware'>[]
}

export interface ResolveOptions {
  /** Takes the place of the search for packages: gives the module of a package, or undefined where there is none. */
  load?: LoadPackage | undefined
}

/** Finds everything that a configuration names and checks all options, so that one error tells of every mistake. */
export async function resolveStack(config: Config, options: ResolveOptions = {}): Promise<Stack> {
  const search = { ...options, directories: [dirname(resolve(config.file)), process.cwd()] }
  const issues = new IssueCollector()
  const driver = await issues.attempt(() => resolveLayer(config, wantedDriver(config), search))
  const wanted = await issues.attempt(() => wantedMiddlewares(config))
  const middlewares: Layer<'middleware'>[] = []
  for (const middleware of wanted ?? []) {
    const layer = await issues.attempt(() => resolveLayer(config, middleware, search))
    if (layer) middlewares.push(layer)
  }
  issues.throwIfAny()
  return { driver: driver as Layer<'driver'>, middlewares }
}

async function resolveLayer<K extends Kind>(
  config: Config,
  { kind, name, named, where, options }: WantedLayer<K>,
  search: Parameters<typeof findFactory>[2],
): Promise<Layer<K>> {
  const factory = await findFactory(kind, name, search).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
    const issues = error.issues.map(({ problem }) => ({ ...named, problem }))
    throw new ConfigError(issues, error.cause === undefined ? {} : { cause: error.cause })
  })
  const { tree } = checkSection(factory.definition.options, options, where, message => config.warn(message))
  return { kind, name, factory, where, options: tree }
}
