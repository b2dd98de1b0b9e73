import { validateHeaderName, validateHeaderValue } from 'node:http'
import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import {
  type Address,
  type SocketAddress,
  addressAccepted,
  addressOption,
  isAddress,
  isSocketPath,
  parseAddress,
  socketAccepted,
} from './address.ts'
import { type TlsSettings, tlsOptions, tlsSettings } from './tls.ts'
import { warnIgnored } from './unsupported-options.ts'

export interface HttpSettings {
  readonly address: Address | SocketAddress
  /** Undefined: HTTP. */
  readonly tls: TlsSettings | undefined
  /** True to speak HTTP/2 beside HTTP/1.1. */
  readonly http2: boolean
  /** URL by which clients know the registry. Undefined: they get relative URLs. */
  readonly host: URL | undefined
  /** Path before `/v2/` in URLs: `/my/registry`, or nothing. */
  readonly prefix: string
  /** Headers that every answer gets. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  /** Secret that signs the states in uploads' URLs. Undefined: each start makes its own. */
  readonly secret: string | undefined
  /** Time that requests have to end after the registry was asked to stop. */
  readonly drainTimeoutMs: number
  /** Second server, for operators. */
  readonly debug: DebugSettings | undefined
}

export interface DebugSettings {
  readonly address: Address
  readonly prometheus: { readonly enabled: boolean; readonly path: string }
}

/** Headers that frame an answer, which are the server's own. */
const framing = new Set(['connection', 'content-length', 'keep-alive', 'trailer', 'transfer-encoding', 'upgrade'])

const http = z.object({
  addr: z.optional(option.text()),
  net: z.prefault(option.choice(['tcp', 'unix']), 'tcp'),
  tls: tlsOptions.optional(),
  host: z.optional(option.url()),
  relativeurls: z.optional(option.boolean()),
  prefix: z.prefault(
    option.text({ accepted: 'a path, such as /my/registry/', matches: path => /^(?:\/[\w.~-]+)*\/?$/.test(path) }),
    '/',
  ),
  headers: z.record(z.string(), z.array(option.text(), 'accepted: a list of texts')).prefault({}),
  secret: z.optional(option.secret()),
  draintimeout: z.prefault(option.duration({ zero: true }), '5s'),
  debug: z
    .object({
      addr: z.optional(addressOption()),
      prometheus: z
        .object({
          enabled: z.prefault(option.boolean(), false),
          path: option.text({ accepted: 'a path, such as /metrics', matches: path => path.startsWith('/') }),
        })
        .partial({ path: true })
        .prefault({}),
    })
    .optional(),
  http2: z.object({ disabled: z.optional(option.boolean()) }).prefault({}),
  h2c: z.object({ enabled: z.prefault(option.boolean(), false) }).prefault({}),
})

/** Reads `http`. */
export function httpSettings(config: Config): HttpSettings {
  const {
    net,
    addr = '127.0.0.1:5000',
    tls,
    host,
    relativeurls,
    prefix,
    headers,
    secret,
    draintimeout,
    debug,
    http2,
    h2c,
  } = config.section(
    ['http'],
    http.superRefine(({ net, addr, headers }, context) => {
      if (net === 'unix' ? !isSocketPath(addr ?? '') : addr !== undefined && !isAddress(addr)) {
        const accepted = net === 'unix' ? `${socketAccepted}, as http.net is unix` : addressAccepted
        context.addIssue({ code: 'custom', path: ['addr'], params: { accepted } })
      }
      for (const [name, values] of Object.entries(headers)) {
        if (isHeader(name, values)) continue
        const accepted = 'a header and its values as HTTP has them, and none that frames an answer'
        context.addIssue({ code: 'custom', path: ['headers', name], params: { accepted } })
      }
    }),
  )
  // The opposite is so anyway: relative without a host, and absolute with one.
  if (relativeurls === (host !== undefined)) {
    warnIgnored(config, 'http.relativeurls', 'URLs in answers are absolute with http.host, and else relative')
  }
  if (http2.disabled === false && !tls) {
    warnIgnored(config, 'http.http2.disabled', 'without http.tls it is http.h2c.enabled that makes it speak HTTP/2')
  }
  if (h2c.enabled && tls) {
    warnIgnored(config, 'http.h2c.enabled', 'with http.tls it is http.http2.disabled: false that makes it speak HTTP/2')
  }
  if (debug?.addr === undefined && debug?.prometheus.enabled) {
    warnIgnored(config, 'http.debug.prometheus', 'there are metrics only with http.debug.addr')
  }
  return {
    address: net === 'unix' ? { path: addr } : parseAddress(addr),
    tls: tls && tlsSettings(config, tls, http2.disabled === false),
    http2: tls ? http2.disabled === false : h2c.enabled,
    host,
    prefix: prefix.replace(/\/$/, ''),
    headers,
    secret,
    drainTimeoutMs: draintimeout,
    debug: debugSettings(debug),
  }
}

function debugSettings(debug: z.output<typeof http>['debug']): DebugSettings | undefined {
  if (debug?.addr === undefined) return undefined
  const { enabled, path = '/metrics' } = debug.prometheus
  return { address: parseAddress(debug.addr), prometheus: { enabled, path } }
}

function isHeader(name: string, values: readonly string[]): boolean {
  try {
    validateHeaderName(name)
    for (const value of values) validateHeaderValue(name, value)
  } catch {
    return false
  }
  return !framing.has(name.toLowerCase())
}
