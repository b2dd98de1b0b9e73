import * as z from 'zod/mini'
import { $ZodArray, $ZodObject, $ZodRecord } from 'zod/v4/core'
import { checkOptions, unwrap } from '../options/check-options.ts'
import { optionName } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import { parseInlineYaml } from './parse-yaml.ts'
import { type Tree, isAbsent, list, mapping, plain, sourceOf, variablesIn } from './tree.ts'

/** A part of a configuration that has passed its schema. */
export interface CheckedSection<Output> {
  readonly value: Output
  /** The part with texts of the environment opened where the schema wants more than a text. */
  readonly tree: Tree
}

/**
 * Checks a part of a configuration against its schema. Every mistake says where it was given; an unknown option is a
 * mistake in a file, and only a warning when it comes from the environment.
 */
export function checkSection<Schema extends z.core.$ZodType>(
  schema: Schema,
  part: Tree,
  where: readonly PropertyKey[],
  warn: (message: string) => void,
): CheckedSection<z.output<Schema>> {
  const coerced = coerceToSchema(schema, part, where, warn)
  const isEmptyMapping = isAbsent(coerced) && schema instanceof $ZodObject
  const tree = isEmptyMapping ? mapping([], coerced.source) : coerced
  const value = checkOptions(schema, isAbsent(tree) ? undefined : plain(tree), {
    where: optionName(where),
    locate: option => sourceOf(tree, option).location,
  })
  return { value, tree }
}

/**
 * Gives what the environment made of a part the shape that its schema wants: texts are opened where the schema has a
 * mapping or a list, and variables that lead to no option are left out with a warning. What a file gave stays as it is.
 */
function coerceToSchema(
  schema: z.core.$ZodType,
  tree: Tree,
  path: readonly PropertyKey[],
  warn: (message: string) => void,
): Tree {
  const bare = unwrap(schema)
  if (bare instanceof $ZodArray) {
    const opened = parseInlineYaml(tree)
    if (opened.kind !== 'list') return opened
    return list(
      opened.items.map((item, index) => coerceToSchema(bare._zod.def.element, item, [...path, index], warn)),
      opened.source,
    )
  }
  if (bare instanceof $ZodRecord) {
    const opened = parseInlineYaml(tree)
    if (opened.kind !== 'mapping') return opened
    return mapping(
      Array.from(opened.entries, ([name, child]) => [
        name,
        coerceToSchema(bare._zod.def.valueType, child, [...path, name], warn),
      ]),
      opened.source,
    )
  }
  if (!(bare instanceof $ZodObject)) return tree
  const opened = parseInlineYaml(tree)
  if (opened.kind !== 'mapping') return opened
  const fields = new Map(Object.entries(bare._zod.def.shape).map(([name, field]) => [name.toLowerCase(), field]))
  const entries: [string, Tree][] = []
  for (const [name, child] of opened.entries) {
    const field = fields.get(name.toLowerCase())
    const here = [...path, name]
    if (!child.source.fromEnvironment) entries.push([name, field ? coerceToSchema(field, child, here, warn) : child])
    else if (!field) warnOf(child, `unknown option ${optionName(here)}${guess(name, fields)}`, warn)
    else if (leadsNowhere(field, child)) warnOf(child, `${optionName(here)} has nothing below it`, warn)
    else entries.push([name, coerceToSchema(field, child, here, warn)])
  }
  return mapping(entries, opened.source)
}

/** Variables went below an option that takes a single value: `REGISTRY_STORAGE_S3_SECRETKEY_FILE`. */
function leadsNowhere(field: z.core.$ZodType, tree: Tree): boolean {
  const bare = unwrap(field)
  const isStructure = bare instanceof $ZodObject || bare instanceof $ZodArray || bare instanceof $ZodRecord
  return tree.kind !== 'text' && !isStructure && !z.safeParse(field, plain(tree)).success
}

function warnOf(tree: Tree, problem: string, warn: (message: string) => void): void {
  for (const variable of variablesIn(tree)) warn(`${variable}: ${problem}; ignored`)
}

function guess(name: string, fields: ReadonlyMap<string, unknown>): string {
  const near = nearest(name.toLowerCase(), [...fields.keys()])
  return near ? `; did you mean ${near}?` : ''
}
