import * as z from 'zod/mini'
import { $ZodArray, $ZodObject, $ZodPipe, $ZodRecord } from 'zod/v4/core'
import type { JsonSchema } from '../options/option.ts'
import { unwrap } from '../options/unwrap.ts'

/**
 * Gives the JSON Schema (draft 7) of a part of a configuration file from the schema that checks it, for editors. Names are in lower
 * case, as Distribution writes them, though any case is accepted. Rules between options are not in it.
 */
export function jsonSchemaOf(schema: z.core.$ZodType): JsonSchema {
  const bare = unwrap(schema)
  const { json, accepted } = z.globalRegistry.get(bare) ?? {}
  if (json) return { ...json, ...(accepted === undefined ? {} : { description: accepted }) }
  if (bare instanceof $ZodObject) return objectSchema(bare)
  if (bare instanceof $ZodArray) return { type: 'array', items: jsonSchemaOf(bare._zod.def.element) }
  if (bare instanceof $ZodRecord) return { type: 'object', additionalProperties: jsonSchemaOf(bare._zod.def.valueType) }
  return bare instanceof $ZodPipe ? jsonSchemaOf(bare._zod.def.in) : {}
}

function objectSchema(schema: $ZodObject): JsonSchema {
  const fields = Object.entries(schema._zod.def.shape)
  const required = fields.filter(([, field]) => isRequired(field)).map(([name]) => name.toLowerCase())
  const properties = Object.fromEntries(fields.map(([name, field]) => [name.toLowerCase(), orAbsent(field)]))
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

/** A key without a value is as good as absent. */
function orAbsent(field: z.core.$ZodType): JsonSchema {
  const { type, anyOf, ...json } = jsonSchemaOf(field)
  if (isRequired(field)) return jsonSchemaOf(field)
  if (anyOf) return { ...json, anyOf: [...(anyOf as unknown[]), { type: 'null' }] }
  return type === undefined ? json : { type: [...new Set([type, 'null'].flat())], ...json }
}

function isRequired(field: z.core.$ZodType): boolean {
  return field._zod.optin === undefined
}
