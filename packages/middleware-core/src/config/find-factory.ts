import type { DriverFactory } from '../authoring/define-driver.ts'
import { filesystem } from '../drivers/filesystem/index.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import type { MiddlewareFactory } from '../middleware/define-middleware.ts'
import { prefix } from '../middleware/prefix.ts'
import { redirect } from '../middleware/redirect.ts'
import { rewrite } from '../middleware/rewrite.ts'
import { optionError } from '../options/config-error.ts'
import { importPackage } from './import-package.ts'
import { nearest } from '../options/nearest.ts'

/** The two kinds of parts that a configuration names. */
export type Kind = 'driver' | 'middleware'

/** Factory of each kind. */
export interface Factories {
  driver: DriverFactory
  middleware: MiddlewareFactory
}

/** Loads a package, or answers undefined when it is not installed. */
export type LoadPackage = (packageName: string) => Promise<unknown>

/** The parts of this package, by the names that configurations give them. */
const builtIn: Readonly<Record<Kind, Readonly<Record<string, unknown>>>> = {
  driver: { filesystem, inmemory },
  middleware: { prefix, redirect, rewrite },
}

/** Names that stand for a package of another name. */
const packages: Readonly<Record<Kind, ReadonlyMap<string, string>>> = {
  driver: new Map([
    ['s3', '@longshore/s3-driver'],
    ['s3aws', '@longshore/s3-driver'],
  ]),
  middleware: new Map([['cloudfront', '@longshore/middleware-cloudfront']]),
}

/**
 * Names of parts of Distribution, and of its forks, that have no counterpart. Where npm has packages of these names they are
 * something else.
 */
const withoutCounterpart: Readonly<Record<Kind, ReadonlySet<string>>> = {
  driver: new Set(['azure', 'azure_v2', 'gcs', 'oss', 's3_v2', 'swift']),
  middleware: new Set(['alicdn', 'googlecdn']),
}

/** Packages by the names that configurations give what they hold. */
export function namedPackages(): ReadonlyMap<string, string> {
  return new Map([...packages.driver, ...packages.middleware])
}

/** Every name that stands for something without being a package's. */
export function knownNames(kind: Kind): string[] {
  return [...Object.keys(builtIn[kind]), ...packages[kind].keys()].toSorted()
}

/** The package that a name stands for: its own name, unless the name is a known one. */
export function packageOf(kind: Kind, name: string): string {
  return packages[kind].get(name.toLowerCase()) ?? name
}

/** Name of an npm package, and no path of a file. */
export const packageNamePattern: RegExp = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i

/**
 * Finds the factory that a configuration file's name stands for: built into core, of a package of ours, or of the npm package of
 * that name. Throws a `ConfigError` about the option `name`.
 */
export async function findFactory<K extends Kind>(
  kind: K,
  name: string,
  options: { load?: LoadPackage | undefined; directories: readonly string[] },
): Promise<Factories[K]> {
  const ours = Object.entries(builtIn[kind]).find(([known]) => known === name.toLowerCase())?.[1]
  if (ours) return ours as Factories[K]
  if (!packageNamePattern.test(name)) {
    const accepted = `one of ${knownNames(kind).join(', ')}, or the name of an installed package`
    throw optionError('name', `found a text that is no package's name; accepted: ${accepted}`)
  }
  const wanted = packageOf(kind, name)
  const module = await load(wanted, options)
  if (module === undefined) throw optionError('name', notInstalled(kind, name))
  const { default: factory } = Object(module) as { default?: unknown }
  if (isFactory(kind, factory)) return factory
  const define = kind === 'driver' ? 'defineDriver' : 'defineMiddleware'
  const problem = `the package "${wanted}" has ${describe(factory)}; accepted: a ${kind} made by ${define}`
  throw optionError('name', problem)
}

async function load(wanted: string, options: Parameters<typeof findFactory>[2]): Promise<unknown> {
  try {
    return await (options.load ?? (name => importPackage(name, options.directories)))(wanted)
  } catch (cause) {
    const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw optionError('name', `the package "${wanted}" is installed but does not load: ${reason}`, { cause })
  }
}

function notInstalled(kind: Kind, name: string): string {
  const known = knownNames(kind)
  if (withoutCounterpart[kind].has(name.toLowerCase())) {
    return `there is no ${kind} of this name; accepted: one of ${known.join(', ')}, or the name of an installed package`
  }
  const wanted = packageOf(kind, name)
  // No command to install it then: a package with a name so near to a known one is nothing to install on a guess.
  const guess = wanted === name ? nearest(name.toLowerCase(), known) : undefined
  const advice = guess ? `did you mean ${guess}?` : `run: npm install ${wanted}`
  return `no package "${wanted}" is installed; ${advice}`
}

function isFactory<K extends Kind>(kind: K, value: unknown): value is Factories[K] {
  return typeof value === 'function' && (value as { kind?: unknown }).kind === kind && 'definition' in value
}

function describe(value: unknown): string {
  if (value === undefined) return 'no default export'
  const { kind } = Object(value) as { kind?: unknown }
  return kind === 'driver' || kind === 'middleware' ? `a ${kind} as its default export` : 'another default export'
}
