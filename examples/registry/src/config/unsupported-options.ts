import type { Config } from '@longshore/middleware-core'
import { z } from 'zod'

/** An option of Distribution's that changes nothing here, and that nobody misses. */
export const ignoredOption = z.unknown().optional()

/** Nobody may believe to be protected by an option that does nothing, so it is a mistake to give it. */
export function refusedOption(why: string): z.ZodType {
  return z
    .unknown()
    .refine(() => false, { params: { accepted: `nothing; ${why}` } })
    .optional()
}

/** For an option that changes nothing here, and whose giver should know. */
export function warnIgnored(config: Config, option: string, consequence: string): void {
  config.warn(`${option}: has no effect in this registry; ${consequence}`)
}
