import * as z from 'zod/mini'
import { ConfigError } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import * as option from '../options/option.ts'
import { checkSection } from './check-section.ts'
import type { Config } from './config.ts'
import { type Kind, knownNames } from './find-factory.ts'
import { isStorageSetting, storageSettings } from './sections.ts'
import { type Source, type Tree, descendant, isAbsent, sourceOf, text, variablesIn } from './tree.ts'

/** A driver or a middleware that a configuration names, before anything is looked for. */
export interface RequestedLayer<K extends Kind> {
  readonly kind: K
  readonly name: string
  /** Path of its name, for the message when nothing is found. */
  readonly named: { readonly option: readonly PropertyKey[]; readonly location: string }
  /** Path of its options: `['storage', 's3']`. */
  readonly where: readonly PropertyKey[]
  /** Its options as they were given. */
  readonly options: Tree
}

/** The driver in `storage`. */
export function requestedDriver(config: Config): RequestedLayer<'driver'> {
  const { name, options } = chooseDriver(config.part(['storage']), message => config.warn(message))
  const where = ['storage', name]
  return { kind: 'driver', name, named: { option: where, location: options.source.location }, where, options }
}

const middlewareSection = z.object({
  storage: z._default(
    z.array(
      z.object({
        name: option.text(),
        options: z.optional(z.unknown()),
        disabled: z._default(option.boolean(), false),
      }),
    ),
    [],
  ),
  registry: z.optional(z.unknown()),
  repository: z.optional(z.unknown()),
})

/** The middlewares in `middleware.storage` that are not disabled, in their order there. */
export function requestedMiddlewares(config: Config): RequestedLayer<'middleware'>[] {
  const part = config.part(['middleware'])
  const { value, tree } = checkSection(middlewareSection, part, ['middleware'], message => config.warn(message))
  for (const unused of ['registry', 'repository'] as const) {
    if (value[unused] === undefined) continue
    config.warn(`${sourceOf(tree, [unused]).location}: middleware.${unused} is not used; only middleware.storage is`)
  }
  return [...value.storage.entries()]
    .filter(([, entry]) => !entry.disabled)
    .map(([index, { name }]) => ({
      kind: 'middleware',
      name,
      named: {
        option: ['middleware', 'storage', index, 'name'],
        location: sourceOf(tree, ['storage', index, 'name']).location,
      },
      where: ['middleware', 'storage', index, 'options'],
      options: descendant(tree, ['storage', index, 'options']) ?? text('', sourceOf(tree, ['storage', index])),
    }))
}

/** The driver that a configuration chooses. */
interface DriverChoice {
  readonly name: string
  readonly options: Tree
}

/** Finds the one driver in `storage`. None, or several, is a `ConfigError`. */
function chooseDriver(storage: Tree, warn: (message: string) => void): DriverChoice {
  const known = knownNames('driver')
  const accepted = `one of ${known.join(', ')}, or the name of an installed package`
  const mistake = (problem: string, { location } = storage.source): ConfigError =>
    new ConfigError([{ option: ['storage'], problem, location }])
  if (!isAbsent(storage) && storage.kind !== 'mapping') {
    throw mistake(`found a ${storage.kind}; accepted: a mapping with one driver: ${accepted}`)
  }
  const entries = isAbsent(storage) ? [] : [...storage.entries]
  const candidates = entries.filter(([name]) => !isStorageSetting(name))
  // A driver that nobody knows, beside one that was chosen, is a variable that means something else.
  const sure = candidates.filter(([name, { source }]) => !source.fromEnvironment || known.includes(name))
  const drivers = sure.length > 0 ? sure : candidates
  const [driver] = drivers
  if (!driver) throw mistake(`no driver; accepted: ${accepted}`)
  if (drivers.length > 1) {
    const names = drivers.map(([name, { source }]) => describeCandidate(name, source))
    const added = drivers.find(([, { source }]) => source.fromEnvironment)?.[1] ?? storage
    throw mistake(`several drivers: ${names.join(' and ')}; accepted: one`, added.source)
  }
  for (const [name, tree] of candidates.filter(candidate => candidate !== driver)) {
    for (const variable of variablesIn(tree)) warn(`${variable}: unknown option storage.${name}; ignored`)
  }
  return { name: driver[0], options: driver[1] }
}

function describeCandidate(name: string, { location }: Source): string {
  const known = [...knownNames('driver'), ...storageSettings]
  const guess = known.includes(name.toLowerCase()) ? undefined : nearest(name.toLowerCase(), known)
  return `${name} (${location}${guess ? `; did you mean ${guess}?` : ''})`
}
