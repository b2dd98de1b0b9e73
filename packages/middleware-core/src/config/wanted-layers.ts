import * as z from 'zod/mini'
import { checkSection } from './check-section.ts'
import type { Config } from './config.ts'
import type { Kind } from './known-packages.ts'
import * as option from '../options/option.ts'
import { chooseDriver } from './storage-section.ts'
import { type Tree, descendant, sourceOf, text } from './tree.ts'

/** A driver or a middleware that a configuration asks for, before it is known whether that exists. */
export interface WantedLayer<K extends Kind> {
  readonly kind: K
  readonly name: string
  /** Where its name stands, for the message when nothing is found. */
  readonly named: { readonly option: readonly PropertyKey[]; readonly location: string }
  /** Where its options stand: `['storage', 's3']`. */
  readonly where: readonly PropertyKey[]
  /** Its options as they were given. */
  readonly options: Tree
}

/** The driver in `storage`. */
export function wantedDriver(config: Config): WantedLayer<'driver'> {
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
export function wantedMiddlewares(config: Config): WantedLayer<'middleware'>[] {
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
