import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'

/** Schema of an option of Distribution's that changes nothing here: giving it is warned of. */
export function unusedOption(consequence: string, isAnyway: (value: unknown) => boolean = () => false): z.ZodType {
  return option.unused<z.ZodType>(consequence, { schema: z.unknown(), isAnyway }).optional()
}

/** Schema of an option that would protect somebody and does nothing here: giving it is an error. */
export function refusedOption(why: string): z.ZodType {
  const accepted = `nothing; ${why}`
  return z
    .unknown()
    .refine(() => false, { params: { accepted } })
    .meta({ accepted, json: { not: {} } })
    .optional()
}

/** Warns of an option that changes nothing beside others. */
export function warnIgnored(config: Config, name: string, consequence: string): void {
  const { location } = config.part(name.replace(/:.*/, '').split('.')).source
  config.warn(`${location}: ${name}: has no effect; ${consequence}`)
}

export function isFalse(value: unknown): boolean {
  return option.boolean().safeParse(value).data === false
}

function isTrue(value: unknown): boolean {
  return option.boolean().safeParse(value).data === true
}

/** True for a list in which everything is turned off by `disabled: true`. */
export function isDisabledList(value: unknown): boolean {
  return Array.isArray(value) && value.every(item => isTrue((Object(item) as { disabled?: unknown }).disabled))
}

const noProxy = 'this registry is no cache of another one'
const proxy = z.object({
  remoteurl: refusedOption(noProxy),
  username: unusedOption(noProxy),
  password: unusedOption(noProxy),
  ttl: unusedOption(noProxy),
  cachewritetimeout: unusedOption(noProxy),
  exec: unusedOption(noProxy),
})

const nobodyNotified = 'nobody is notified'
const notifications = z.object({
  events: unusedOption(nobodyNotified),
  endpoints: unusedOption(nobodyNotified, isDisabledList),
})

const noClasses = refusedOption('this registry does not tell classes of repositories apart')
const policy = z.object({ repository: z.object({ classes: noClasses }).optional() })

const noSchema1 = 'manifests of schema 1 are refused'
const compatibility = z.object({
  schema1: z.object({ enabled: unusedOption(noSchema1, isFalse), trustkey: unusedOption(noSchema1) }).optional(),
})

const reporting = unusedOption('nothing is reported')

/** Checks of the sections that do nothing here. What would protect somebody stops the start; the rest is warned of. */
export const unsupportedSections: readonly ((config: Config) => void)[] = [
  config => void config.section(['proxy'], proxy),
  config => void config.section(['policy'], policy),
  config => void config.section(['notifications'], notifications),
  config => void config.section(['compatibility'], compatibility),
  config => void config.section(['reporting'], reporting),
]
