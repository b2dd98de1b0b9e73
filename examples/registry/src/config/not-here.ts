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
  schema1: z.object({ enabled: option.boolean().optional(), trustkey: unused }).optional(),
})

/** The sections that do nothing here. What would protect somebody stops the start; the rest is warned about. */
export function checkWhatIsNotHere(config: Config): void {
  config.section(['proxy'], proxy)
  config.section(['policy'], policy)
  const { manifests } = config.section(['validation'], validation)
  const { file, http, tcp } = config.section(['health'], health)
  const { endpoints } = config.section(['notifications'], notifications)
  const { schema1 } = config.section(['compatibility'], compatibility)
  if (manifests?.indexes) warnOf(config, 'validation.manifests.indexes', 'what an index names has to be there')
  if (file ?? http ?? tcp) warnOf(config, 'health', 'only the storage is looked at')
  if (endpoints.length > 0) warnOf(config, 'notifications', 'nobody is notified')
  if (schema1?.enabled) warnOf(config, 'compatibility.schema1', 'manifests of schema 1 are refused')
  if (config.section(['reporting'], unused) !== undefined) warnOf(config, 'reporting', 'nothing is reported')
}
