import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'

const catalog = z.object({
  maxentries: z.prefault(option.integer({ min: 1, max: 1_000_000, unit: 'repositories' }), 1000),
})

/** `catalog`: the most repositories that one page of the list of them may be asked to hold. */
export function maxCatalogEntries(config: Config): number {
  return config.section(['catalog'], catalog).maxentries
}
