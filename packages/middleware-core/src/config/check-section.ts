import * as z from 'zod/mini'
import { $ZodArray, $ZodObject, $ZodRecord } from 'zod/v4/core'
import { checkOptions, unwrap } from '../options/check-options.ts'
import { optionName } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import { parseInlineYaml } from './parse-yaml.ts'
import { type Tree, isAbsent, mapping, plain, sourceOf, variablesIn } from './tree.ts'

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
  const wanted = unwrap(schema)
  if (!isStructure(wanted)) return tree
  const opened = parseInlineYaml(tree)
  if (wanted instanceof $ZodArray) {
    if (opened.kind !== 'list') return opened
    const { element } = wanted._zod.def
    return {
      ...opened,
      items: opened.items.map((item, index) => coerceToSchema(element, item, [...path, index], warn)),
    }
  }
  if (opened.kind !== 'mapping') return opened
  const entries = new Map<string, Tree>()
  for (const [name, child] of opened.entries) {
    const field = fieldOf(wanted, name)
    const here = [...path, name]
    const problem = child.source.fromEnvironment ? whyIgnored(wanted, name, here, child) : undefined
    if (problem) for (const variable of variablesIn(child)) warn(`${variable}: ${problem}; ignored`)
    else entries.set(name, field ? coerceToSchema(field, child, here, warn) : child)
  }
  return { ...opened, entries }
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
  // Variables went below an option that takes a single value: `REGISTRY_STORAGE_S3_SECRETKEY_FILE`.
  const isBelowValue = tree.kind !== 'text' && !isStructure(unwrap(field)) && !z.safeParse(field, plain(tree)).success
  return isBelowValue ? `${optionName(path)} has nothing below it` : undefined
}
