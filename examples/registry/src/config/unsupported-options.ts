import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'

/** Schema of an option of Distribution's that changes nothing here, and that nobody misses. */
export const ignoredOption = z.unknown().optional()

/** Schema of an option that would protect somebody and does nothing here: giving it is an error. */
export function refusedOption(why: string): z.ZodType {
  return z
    .unknown()
    .refine(() => false, { params: { accepted: `nothing; ${why}` } })
    .optional()
}

/** Warns of an option that changes nothing here, which its giver should know. */
export function warnIgnored(config: Config, name: string, consequence: string): void {
  config.warn(`${name}: has no effect in this registry; ${consequence}`)
}

const proxy = z.object({
  remoteurl: refusedOption('this registry is no cache of another one'),
  username: ignoredOption,
  password: ignoredOption,
  ttl: ignoredOption,
  exec: ignoredOption,
})

const notifications = z.object({ events: ignoredOption, endpoints: z.array(ignoredOption).prefault([]) })

const noUrlCheck = refusedOption('this registry does not look at the URLs that layers name')
const validation = z.object({
  enabled: ignoredOption,
  disabled: ignoredOption,
  manifests: z
    .object({
      urls: z.object({ allow: noUrlCheck, deny: noUrlCheck }).optional(),
      indexes: z.object({ platforms: ignoredOption, platformlist: ignoredOption }).optional(),
    })
    .optional(),
})

const noClasses = refusedOption('this registry does not tell classes of repositories apart')
const policy = z.object({ repository: z.object({ classes: noClasses }).optional() })

const health = z.object({ storagedriver: ignoredOption, file: ignoredOption, http: ignoredOption, tcp: ignoredOption })
const compatibility = z.object({
  schema1: z.object({ enabled: z.optional(option.boolean()), trustkey: ignoredOption }).optional(),
})

/** Checks of the sections that do nothing here. What would protect somebody stops the start; the rest is warned of. */
export const unsupportedSections: readonly ((config: Config) => void)[] = [
  config => void config.section(['proxy'], proxy),
  config => void config.section(['policy'], policy),
  config => {
    const { manifests } = config.section(['validation'], validation)
    if (manifests?.indexes) warnIgnored(config, 'validation.manifests.indexes', 'what an index names has to be there')
  },
  config => {
    const { file, http, tcp } = config.section(['health'], health)
    if (file ?? http ?? tcp) warnIgnored(config, 'health', 'only the storage is looked at')
  },
  config => {
    const { endpoints } = config.section(['notifications'], notifications)
    if (endpoints.length > 0) warnIgnored(config, 'notifications', 'nobody is notified')
  },
  config => {
    const { schema1 } = config.section(['compatibility'], compatibility)
    if (schema1?.enabled) warnIgnored(config, 'compatibility.schema1', 'manifests of schema 1 are refused')
  },
  config => {
    if (config.section(['reporting'], ignoredOption) !== undefined)
      warnIgnored(config, 'reporting', 'nothing is reported')
  },
]
