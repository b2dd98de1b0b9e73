import type * as z from 'zod/mini'
import { $ZodDefault, $ZodOptional, $ZodPrefault } from 'zod/v4/core'

/** The schema without what makes it optional. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let bare = schema
  while (bare instanceof $ZodOptional || bare instanceof $ZodDefault || bare instanceof $ZodPrefault) {
    bare = bare._zod.def.innerType
  }
  return bare
}
