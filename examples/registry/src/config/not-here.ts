import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { refused, unused, warnOf } from './unsupported.ts'

const proxy = z.object({
  remoteurl: refused('this registry is no cache of another one'),
  username: unused,
  password: unused,
  ttl: unused,
  exec: unused,
})

const notifications = z.object({ events: unused, endpoints: z.array(unused).prefault([]) })

const noUrlCheck = refused('this registry does not look at the URLs that layers name')
const validation = z.object({
  enabled: unused,
  disabled: unused,
  manifests: z
    .object({
      urls: z.object({ allow: noUrlCheck, deny: noUrlCheck }).optional(),
      indexes: z.object({ platforms: unused, platformlist: unused }).optional(),
    })
    .optional(),
})

const noClasses = refused('this registry does not tell classes of repositories apart')
const policy = z.object({ repository: z.object({ classes: noClasses }).optional() })

const health = z.object({ storagedriver: unused, file: unused, http: unused, tcp: unused })
const compatibility = z.object({
  schema1: z.object({ enabled: z.optional(option.boolean()), trustkey: unused }).optional(),
})

/** The sections that do nothing here. What would protect somebody stops the start; the rest is warned about. */
export const sectionsNotHere: readonly ((config: Config) => void)[] = [
  config => void config.section(['proxy'], proxy),
  config => void config.section(['policy'], policy),
  config => {
    const { manifests } = config.section(['validation'], validation)
    if (manifests?.indexes) warnOf(config, 'validation.manifests.indexes', 'what an index names has to be there')
  },
  config => {
    const { file, http, tcp } = config.section(['health'], health)
    if (file ?? http ?? tcp) warnOf(config, 'health', 'only the storage is looked at')
  },
  config => {
    const { endpoints } = config.section(['notifications'], notifications)
    if (endpoints.length > 0) warnOf(config, 'notifications', 'nobody is notified')
  },
  config => {
    const { schema1 } = config.section(['compatibility'], compatibility)
    if (schema1?.enabled) warnOf(config, 'compatibility.schema1', 'manifests of schema 1 are refused')
  },
  config => {
    if (config.section(['reporting'], unused) !== undefined) warnOf(config, 'reporting', 'nothing is reported')
  },
]
