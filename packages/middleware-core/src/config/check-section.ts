import type * as z from 'zod/mini'
import { $ZodObject } from 'zod/v4/core'
import { checkOptions } from '../options/check-options.ts'
import { optionName } from '../options/config-error.ts'
import { fitEnvironment } from './fit-environment.ts'
import { type Tree, isAbsent, mapping, plain, sourceOf } from './tree.ts'

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
  const fitted = fitEnvironment(schema, part, where, warn)
  const isEmptyMapping = isAbsent(fitted) && schema instanceof $ZodObject
  const tree = isEmptyMapping ? mapping([], fitted.source) : fitted
  const value = checkOptions(schema, isAbsent(tree) ? undefined : plain(tree), {
    where: optionName(where),
    locate: option => sourceOf(tree, option).location,
  })
  return { value, tree }
}
