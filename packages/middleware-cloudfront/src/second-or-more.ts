import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'

/** A length of time of at least 1s, such as the `example`; the result is in milliseconds. */
export function secondOrMore(example: string): z.ZodMiniType<number, string> {
  const accepted = `a duration of 1s or more, such as ${example}`
  return option.duration().check(z.refine(milliseconds => milliseconds >= 1000, { params: { accepted } }))
}
