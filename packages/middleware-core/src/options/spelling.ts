import type * as z from 'zod/mini'
import { $ZodArray, $ZodObject } from 'zod/v4/core'
import { unwrap } from './unwrap.ts'

/** Spelling of option names: as in a schema, which is how programs write them, or small, as in a `config.yml`. */
export interface Spelling {
  name(name: string): string
  /** Puts a text about options into the spelling: schemas name them as they spell them. */
  text(text: string): string
}

/** Spelling of programs: names and texts as the schema has them. */
export const asInPrograms: Spelling = { name: name => name, text: text => text }

/** Spelling of configurations, for the options of a schema. */
export function asInConfigurations(schema: z.core.$ZodType): Spelling {
  const names = [...new Set(namesIn(schema))].filter(name => name !== name.toLowerCase())
  const anyName = new RegExp(`\\b(?:${names.join('|')})\\b`, 'g')
  return {
    name: name => name.toLowerCase(),
    text: text => (names.length === 0 ? text : text.replaceAll(anyName, name => name.toLowerCase())),
  }
}

function namesIn(schema: z.core.$ZodType): string[] {
  const bare = unwrap(schema)
  if (bare instanceof $ZodArray) return namesIn(bare._zod.def.element)
  if (!(bare instanceof $ZodObject)) return []
  return Object.entries(bare._zod.def.shape).flatMap(([name, field]) => [name, ...namesIn(field)])
}
