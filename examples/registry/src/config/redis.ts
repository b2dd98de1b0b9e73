import { type Config, ConfigError, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { type Address, addressOption, parseAddress } from './address.ts'
import { unusedOption } from './unsupported-options.ts'

/** Settings of a connection to Redis, or to another server that speaks its protocol. */
export interface RedisSettings {
  /** One server; with `sentinel` the Sentinels that know which one it is. */
  readonly addresses: readonly Address[]
  /** Undefined: the address is the server's own. */
  readonly sentinel:
    | { readonly masterName: string; readonly username: string | undefined; readonly password: string | undefined }
    | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** Number of the database. */
  readonly db: number
  /** Name of the connection in the server's list of clients. */
  readonly clientName: string | undefined
  readonly dialTimeoutMs: number
  /** Time that a command may take, from being sent to its answer. */
  readonly commandTimeoutMs: number
  /** Undefined: no TLS. */
  readonly tls: RedisTlsSettings | undefined
}

/** Files in PEM form, which are read when the connection is made. */
interface RedisTlsSettings {
  /** Certificate of this client, with its key. Undefined: it shows none. */
  readonly client: { readonly certificate: string; readonly key: string } | undefined
  /** Files of who may sign the server's certificate. Empty: those that Node.js trusts. */
  readonly cas: readonly string[]
}

/** Options of Distribution's client that are about its pool, its retries, and clusters. */
const poolOptions = [
  'pool',
  'poolsize',
  'poolfifo',
  'pooltimeout',
  'minidleconns',
  'maxidleconns',
  'maxactiveconns',
  'connmaxidletime',
  'connmaxlifetime',
  'maxretries',
  'minretrybackoff',
  'maxretrybackoff',
  'maxredirects',
  'readonly',
  'routebylatency',
  'routerandomly',
  'contexttimeoutenabled',
  'protocol',
  'disableidentity',
  'identitysuffix',
  'unstableresp3',
]

const redis = z.object({
  addr: z.optional(addressOption()),
  addrs: z.array(addressOption(), 'accepted: a list of addresses').optional(),
  mastername: z.optional(option.text()),
  sentinelusername: z.optional(option.text()),
  sentinelpassword: z.optional(option.secret()),
  username: z.optional(option.text()),
  password: z.optional(option.secret()),
  db: z.prefault(option.integer({ min: 0, max: 1_000_000 }), 0),
  clientname: z.optional(option.text()),
  dialtimeout: z.prefault(option.duration(), '5s'),
  readtimeout: z.prefault(option.duration(), '500ms'),
  writetimeout: z.prefault(option.duration(), '500ms'),
  tls: z
    .object({
      enabled: z.optional(option.boolean()),
      certificate: z.optional(option.text()),
      key: z.optional(option.text()),
      clientcas: z.array(option.text()).optional(),
      rootcas: z.array(option.text()).optional(),
    })
    .optional(),
  ...Object.fromEntries(poolOptions.map(name => [name, unusedOption('one connection carries all commands')])),
})

/** Reads `redis`, as Distribution names its options. Without an address it throws a `ConfigError`. */
export function redisSettings(config: Config): RedisSettings {
  const options = config.section(['redis'], redis)
  const addresses = (options.addrs ?? (options.addr === undefined ? [] : [options.addr])).map(parseAddress)
  const wrong = (name: string, problem: string): ConfigError =>
    new ConfigError([{ option: ['redis', name], problem, location: config.part(['redis', name]).source.location }])
  if (addresses.length === 0) throw wrong('addrs', 'missing; storage.cache.blobdescriptor: redis needs an address')
  if (addresses.length > 1 && options.mastername === undefined) {
    throw wrong('addrs', 'found several addresses; accepted: one, or those of Sentinels with mastername')
  }
  const { tls, mastername: masterName } = options
  if ((tls?.certificate === undefined) !== (tls?.key === undefined)) {
    throw wrong('tls', 'found a certificate or a key; accepted: both, or neither')
  }
  return {
    addresses,
    sentinel:
      masterName === undefined
        ? undefined
        : { masterName, username: options.sentinelusername, password: options.sentinelpassword },
    username: options.username,
    password: options.password,
    db: options.db,
    clientName: options.clientname,
    dialTimeoutMs: options.dialtimeout,
    commandTimeoutMs: options.readtimeout + options.writetimeout,
    tls:
      tls && (tls.enabled ?? (tls.certificate ?? tls.rootcas ?? tls.clientcas) !== undefined) ? tlsOf(tls) : undefined,
  }
}

/** Both names of the authorities are Distribution's: one is older. */
function tlsOf({ certificate, key, rootcas, clientcas }: NonNullable<z.output<typeof redis>['tls']>): RedisTlsSettings {
  return {
    client: certificate !== undefined && key !== undefined ? { certificate, key } : undefined,
    cas: rootcas ?? clientcas ?? [],
  }
}
