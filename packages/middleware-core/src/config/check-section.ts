import * as z from 'zod/mini'
import { $ZodArray, $ZodObject, $ZodRecord } from 'zod/v4/core'
import { checkOptions } from '../options/check-options.ts'
import { unwrap } from '../options/unwrap.ts'
import { optionName } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import { parseInlineYaml } from './parse-yaml.ts'
import { type List, type Mapping, type Tree, isAbsent, mapping, plain, sourceOf, text, variablesIn } from './tree.ts'

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
  const coerced = coerceToSchema(schema, part, where, warn) ?? text('', part.source)
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
 * mapping or a list, and variables that lead to no option are left out with a warning, together with the mappings and
 * lists that only they have made. What a file gave stays as it is. Undefined: nothing is left.
 */
function coerceToSchema(
  schema: z.core.$ZodType,
  tree: Tree,
  path: readonly PropertyKey[],
  warn: (message: string) => void,
): Tree | undefined {
  const wanted = unwrap(schema)
  warnIfUnused(wanted, tree, path, warn)
  if (!isStructure(wanted)) return tree
  const opened = parseInlineYaml(tree)
  if (wanted instanceof $ZodArray) {
    if (opened.kind !== 'list') return opened
    const { element } = wanted._zod.def
    const items = opened.items.map((item, index) => coerceToSchema(element, item, [...path, index], warn))
    return unlessEmptied(opened, { ...opened, items: items.filter(item => item !== undefined) })
  }
  if (opened.kind !== 'mapping') return opened
  const entries = new Map<string, Tree>()
  for (const [name, child] of opened.entries) {
    const field = fieldOf(wanted, name)
    const here = [...path, name]
    const problem = child.source.fromEnvironment ? whyIgnored(wanted, name, here, child) : undefined
    const kept = field && !problem ? coerceToSchema(field, child, here, warn) : child
    if (problem) for (const variable of variablesIn(child)) warn(`${variable}: ${problem}; ignored`)
    else if (kept) entries.set(name, kept)
  }
  return unlessEmptied(opened, { ...opened, entries })
}

function warnIfUnused(
  schema: z.core.$ZodType,
  tree: Tree,
  path: readonly PropertyKey[],
  warn: (message: string) => void,
): void {
  const unused = z.globalRegistry.get(schema)?.unused
  if (!unused || isAbsent(tree) || unused.isAnyway(plain(tree))) return
  warn(`${tree.source.location}: ${optionName(path)}: has no effect; ${unused.consequence}`)
}

/** A section that an unknown variable alone has made would miss its required options: `REGISTRY_HTTP_TLS_VERIFY`. */
function unlessEmptied<T extends Mapping | List>(before: T, after: T): T | undefined {
  const isEmptied = sizeOf(after) === 0 && sizeOf(before) > 0
  return isEmptied && before.source.fromEnvironment ? undefined : after
}

function sizeOf(tree: Mapping | List): number {
  return tree.kind === 'list' ? tree.items.length : tree.entries.size
}

type WithKeys = $ZodObject | $ZodRecord

function isStructure(schema: z.core.$ZodType): schema is WithKeys | $ZodArray {
  return schema instanceof $ZodArray || schema instanceof $ZodRecord || schema instanceof $ZodObject
}

/** Finds the schema of a key, in any spelling. */
function fieldOf(parent: WithKeys, name: string): z.core.$ZodType | undefined {
  if (parent instanceof $ZodRecord) return parent._zod.def.valueType
  return Object.entries(parent._zod.def.shape).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1]
}

/** The reason to leave out what variables give a key, if there is one. */
function whyIgnored(parent: WithKeys, name: string, path: readonly PropertyKey[], tree: Tree): string | undefined {
  const field = fieldOf(parent, name)
  if (!field) {
    const near =
      parent instanceof $ZodObject &&
      nearest(
        name.toLowerCase(),
        Object.keys(parent._zod.def.shape).map(key => key.toLowerCase()),
      )
    return `unknown option ${optionName(path)}${near ? `; did you mean ${near}?` : ''}`
  }
  const problem = tree.kind === 'text' ? undefined : whyMisplaced(unwrap(field), tree)
  return problem && `${optionName(path)} ${problem}`
}

/** Variables went below an option as it has no such parts: `REGISTRY_STORAGE_S3_SECRETKEY_FILE`. */
function whyMisplaced(schema: z.core.$ZodType, tree: Mapping | List): string | undefined {
  if (schema instanceof $ZodArray && tree.kind === 'mapping') return 'is a list: the number of an entry must follow'
  if (isStructure(schema)) return schema instanceof $ZodArray || tree.kind === 'mapping' ? undefined : 'is no list'
  return z.safeParse(schema, plain(tree)).success ? undefined : 'has nothing below it'
}
