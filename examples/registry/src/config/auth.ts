import { type Config, ConfigError, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { requestedKinds } from './auth-kinds.ts'

/** Settings of `auth`: one kind of authentication. */
export type AuthSettings = HtpasswdSettings | TokenSettings

/** Users with passwords, who may do everything. */
export interface HtpasswdSettings {
  readonly kind: 'htpasswd'
  readonly realm: string
  /** Path of the htpasswd file. */
  readonly path: string
}

/** Tokens of a token server, which say what each client may do. */
export interface TokenSettings {
  readonly kind: 'token'
  /** URL of the token server. */
  readonly realm: string
  /** Path of the token server on the host that the client asked. Takes precedence over the realm. */
  readonly redirectPath: string | undefined
  /** Name of the registry to the token server. */
  readonly service: string
  /** Issuers whose tokens are accepted. */
  readonly issuers: readonly string[]
  /** PEM file of the token server's certificates, or of authorities that signed them. */
  readonly rootCertBundle: string | undefined
  /** JSON file of the token server's keys. */
  readonly jwks: string | undefined
  readonly algorithms: readonly SigningAlgorithm[]
}

/** Algorithms with a public key: with a shared secret, whoever can check a token could make one as well. */
const signingAlgorithms = [
  'EdDSA',
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const
type SigningAlgorithm = (typeof signingAlgorithms)[number]

const printable = { accepted: 'printable ASCII characters', matches: (text: string) => /^[\x20-\x7e]+$/.test(text) }

const htpasswd = z.object({ realm: option.text(printable), path: option.text() })

const issuersAccepted = 'a text, or a list of texts'
const issuers = z
  .unknown()
  .transform((value, context): string[] => {
    const given: unknown[] = Array.isArray(value) ? value : [value]
    if (given.length > 0 && given.every(issuer => typeof issuer === 'string')) return given
    context.addIssue({ code: 'custom', params: { accepted: issuersAccepted } })
    return z.NEVER
  })
  .meta({ accepted: issuersAccepted })

const tokenServer = {
  accepted: 'the http or https URL of a token server',
  matches: (text: string) => /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text),
}
const redirectPath = {
  accepted: 'a path, such as /auth/token',
  matches: (path: string) => /^\/[\x21-\x7e]*$/.test(path),
}

const token = z
  .object({
    realm: option.text(tokenServer),
    service: option.text(printable),
    issuer: issuers,
    rootcertbundle: z.optional(option.text()),
    jwks: z.optional(option.text()),
    signingalgorithms: z.array(option.choice(signingAlgorithms)).prefault([...signingAlgorithms]),
    autoredirect: z.prefault(option.boolean(), false),
    autoredirectpath: z.prefault(option.text(redirectPath), '/auth/token'),
  })
  .superRefine(({ rootcertbundle, jwks }, context) => {
    if (rootcertbundle !== undefined || jwks !== undefined) return
    const accepted = 'a file, here or as jwks: without keys no token can be checked'
    context.addIssue({ code: 'custom', path: ['rootcertbundle'], params: { accepted } })
  })

const accepted = 'accepted: a mapping with one of htpasswd, token'

/** Reads `auth`. A section without a kind of authentication is an error: it must not let everybody in. */
export function authSettings(config: Config): AuthSettings | undefined {
  const sections = config.section(['auth'], z.record(z.string(), z.unknown(), accepted).optional()) ?? {}
  const names = requestedKinds(config, sections)
  const [name] = names
  if (name === undefined) return undefined
  if (names.length > 1) {
    const added = names.find(other => config.part(['auth', other]).source.fromEnvironment)
    throw mistake(config, [], `found ${names.join(' and ')}; accepted: one of them`, added)
  }
  const kind = name.toLowerCase()
  if (kind === 'htpasswd') return { kind, ...config.section(['auth', name], htpasswd) }
  if (kind === 'token') return tokenSettings(config.section(['auth', name], token))
  const why = kind === 'silly' ? 'lets everybody in who says anything' : 'unknown'
  throw mistake(config, [name], `${why}; accepted: htpasswd, token`)
}

function tokenSettings(options: z.output<typeof token>): TokenSettings {
  return {
    kind: 'token',
    realm: options.realm,
    redirectPath: options.autoredirect ? options.autoredirectpath : undefined,
    service: options.service,
    issuers: options.issuer,
    rootCertBundle: options.rootcertbundle,
    jwks: options.jwks,
    algorithms: options.signingalgorithms,
  }
}

function mistake(config: Config, path: string[], problem: string, blamed = path[0]): ConfigError {
  const { source } = config.part(blamed === undefined ? ['auth'] : ['auth', blamed])
  return new ConfigError([{ option: ['auth', ...path], problem, location: source.location }])
}
