import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'

/** Where a registry listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What the registry itself takes from a configuration; `storage` and `middleware` make its storage. */
export interface RegistrySettings {
  readonly address: Address
  readonly deletes: boolean
  readonly redirects: boolean
}

const unused = z.unknown().optional()

/** Nobody may believe to be protected by an option that does nothing, so these are mistakes. */
function refused(why: string): z.ZodType {
  return z
    .unknown()
    .refine(() => false, { params: { accepted: `nothing; ${why}` } })
    .optional()
}

const http = z.object({
  addr: option
    .text({ accepted: 'a host and a port, such as 127.0.0.1:5000, or :5000 for every address', matches: isAddress })
    .prefault('127.0.0.1:5000'),
  tls: refused('this registry speaks HTTP only: let a proxy in front of it end TLS'),
  net: unused,
  prefix: option
    .text()
    .refine(prefix => ['', '/'].includes(prefix), { params: { accepted: '/; this registry serves /v2/ only' } })
    .optional(),
  host: unused,
  relativeurls: unused,
  secret: unused,
  headers: unused,
  http2: unused,
  h2c: unused,
  draintimeout: unused,
  debug: unused,
})

const noAuthentication = refused('this registry lets everybody in: put a proxy that authenticates in front of it')
const auth = z.object({ silly: noAuthentication, token: noAuthentication, htpasswd: noAuthentication })

const proxy = z.object({
  remoteurl: refused('this registry is no cache of another one'),
  username: unused,
  password: unused,
  ttl: unused,
  exec: unused,
})
const notifications = z.object({ events: unused, endpoints: unused })
const uploadPurging = z.object({
  enabled: option.boolean().prefault(false),
  age: unused,
  interval: unused,
  dryrun: unused,
})

const deletes = z.object({ enabled: option.boolean().prefault(false) })
const redirect = z.object({ disable: option.boolean().prefault(false) })
const readOnly = z.object({
  enabled: option
    .boolean()
    .refine(enabled => !enabled, { params: { accepted: 'false; this registry cannot be read-only' } })
    .prefault(false),
})

/** Reads the registry's own sections. Throws a `ConfigError` for what is wrong in one. */
export function registrySettings(config: Config): RegistrySettings {
  config.section(['auth'], auth)
  config.section(['proxy'], proxy)
  config.section(['storage', 'maintenance', 'readonly'], readOnly)
  const { addr, headers } = config.section(['http'], http)
  const { endpoints } = config.section(['notifications'], notifications)
  const purging = config.section(['storage', 'maintenance', 'uploadpurging'], uploadPurging)
  if (headers !== undefined) warnOf(config, 'http.headers', 'answers do not get them')
  if (endpoints !== undefined) warnOf(config, 'notifications', 'nobody is notified')
  if (purging.enabled) warnOf(config, 'storage.maintenance.uploadpurging', 'unfinished uploads stay')
  return {
    address: parseAddress(addr),
    deletes: config.section(['storage', 'delete'], deletes).enabled,
    redirects: !config.section(['storage', 'redirect'], redirect).disable,
  }
}

function warnOf(config: Config, option: string, consequence: string): void {
  config.warn(`${option}: has no effect in this registry; ${consequence}`)
}

function isAddress(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]/]*):(\d{1,5})$/.exec(text) ?? []
  return port !== undefined && Number(port) <= 65_535
}

/** Go's form of an address: an empty host means all of them. */
function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host: host || '0.0.0.0', port: Number(text.slice(colon + 1)) }
}
