import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { refusedOption, unusedOption } from './unsupported-options.ts'

const isValidated = 'what a manifest or an index names has to be there'
const noUrlCheck = refusedOption('this registry does not look at the URLs that layers name')
const isOff = unusedOption('validation.disabled turns it off')
const indexes = z.object({ platforms: unusedOption(isValidated), platformlist: unusedOption(isValidated) })

const switches = z.object({
  enabled: z.prefault(option.boolean(), false),
  disabled: z.prefault(option.boolean(), false),
  manifests: z.unknown().optional(),
})

/** Checks `validation`, in which `disabled` turns the rest off, unless the older `enabled` turns it on. */
export function checkValidation(config: Config): void {
  const { enabled, disabled } = config.section(['validation'], switches)
  const isDisabled = disabled && !enabled
  const urls = isDisabled ? z.object({ allow: isOff, deny: isOff }) : z.object({ allow: noUrlCheck, deny: noUrlCheck })
  const manifests = z.object({ urls: urls.optional(), indexes: indexes.optional() })
  if (isDisabled) config.section(['validation', 'disabled'], unusedOption(isValidated))
  config.section(['validation', 'manifests'], manifests)
}
