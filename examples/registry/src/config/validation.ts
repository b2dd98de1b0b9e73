import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import type { RequiredPlatforms } from '../oci/required-platforms.ts'
import { refusedOption, unusedOption, warnIgnored } from './unsupported-options.ts'

export interface ValidationSettings {
  /** Entries of an index that have to be there before it. */
  readonly requiredPlatforms: RequiredPlatforms
}

const noUrlCheck = refusedOption('this registry does not look at the URLs that layers name')
const isOff = unusedOption('validation.disabled turns it off')
const isValidated = unusedOption('what a manifest names has to be there; validation.manifests.indexes is for indexes')
const platform = z.object({ architecture: option.text(), os: option.text() })
const indexes = z
  .object({
    platforms: z.prefault(option.choice(['all', 'none', 'list']), 'all'),
    platformlist: z.array(platform, 'accepted: a list of platforms, each with architecture and os').prefault([]),
  })
  .prefault({})

const switches = z.object({
  enabled: z.prefault(option.boolean(), false),
  disabled: z.prefault(option.boolean(), false),
  manifests: z.unknown().optional(),
})

/** Reads `validation`, in which `disabled` turns the check of URLs off, unless the older `enabled` turns it on. */
export function validationSettings(config: Config): ValidationSettings {
  const { enabled, disabled } = config.section(['validation'], switches)
  const isDisabled = disabled && !enabled
  const urls = isDisabled ? z.object({ allow: isOff, deny: isOff }) : z.object({ allow: noUrlCheck, deny: noUrlCheck })
  if (isDisabled) config.section(['validation', 'disabled'], isValidated)
  const manifests = config.section(['validation', 'manifests'], z.object({ urls: urls.optional(), indexes }))
  const { platforms, platformlist } = manifests.indexes
  if (platforms !== 'list' && platformlist.length > 0) {
    warnIgnored(config, 'validation.manifests.indexes.platformlist', 'it counts only with platforms: list')
  }
  // As in Distribution, an empty list lets nothing out.
  if (platforms !== 'list' || platformlist.length === 0)
    return { requiredPlatforms: platforms === 'none' ? platforms : 'all' }
  return { requiredPlatforms: platformlist }
}
