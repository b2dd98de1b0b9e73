import * as z from 'zod/mini'
import { $ZodArray, $ZodObject, $ZodRecord } from 'zod/v4/core'
import { unwrap } from '../options/check-options.ts'
import { optionName } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import { structured } from './structure.ts'
import { type Tree, list, mapping, plain, variablesIn } from './tree.ts'

/**
 * Gives what the environment made of a part the shape that its schema wants: texts are opened where the schema has a
 * mapping or a list, and variables that lead to no option are left out with a warning. What a file gave stays as it is.
 */
export function fitEnvironment(
  schema: z.core.$ZodType,
  tree: Tree,
  path: readonly PropertyKey[],
  warn: (message: string) => void,
): Tree {
  const bare = unwrap(schema)
  if (bare instanceof $ZodArray) {
    const opened = structured(tree)
    if (opened.kind !== 'list') return opened
    return list(
      opened.items.map((item, index) => fitEnvironment(bare._zod.def.element, item, [...path, index], warn)),
      opened.source,
    )
  }
  if (bare instanceof $ZodRecord) {
    const opened = structured(tree)
    if (opened.kind !== 'mapping') return opened
    return mapping(
      Array.from(opened.entries, ([name, child]) => [
        name,
        fitEnvironment(bare._zod.def.valueType, child, [...path, name], warn),
      ]),
      opened.source,
    )
  }
  if (!(bare instanceof $ZodObject)) return tree
  const opened = structured(tree)
  if (opened.kind !== 'mapping') return opened
  const fields = new Map(Object.entries(bare._zod.def.shape).map(([name, field]) => [name.toLowerCase(), field]))
  const entries: [string, Tree][] = []
  for (const [name, child] of opened.entries) {
    const field = fields.get(name.toLowerCase())
    const here = [...path, name]
    if (!child.source.fromEnvironment) entries.push([name, field ? fitEnvironment(field, child, here, warn) : child])
    else if (!field) warnOf(child, `unknown option ${optionName(here)}${guess(name, fields)}`, warn)
    else if (leadsNowhere(field, child)) warnOf(child, `${optionName(here)} has nothing below it`, warn)
    else entries.push([name, fitEnvironment(field, child, here, warn)])
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
