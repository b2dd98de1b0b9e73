import { type Config, ConfigError, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { requestedKinds } from './auth-kinds.ts'
import { warnIgnored } from './unsupported-options.ts'

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

/** Those of Distribution's that are never used here. */
const sharedSecretAlgorithms = ['HS256', 'HS384', 'HS512'] as const
const whyNoSharedSecret = 'with a shared secret whoever checks tokens could make them, so only public keys are used'

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

const serverAccepted = 'the http or https URL of a token server'

function isServer(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text)
}

const redirectPath = {
  accepted: 'a path, such as /auth/token',
  matches: (path: string) => /^\/[\x21-\x7e]*$/.test(path),
}

const token = z
  .object({
    realm: option.text(printable),
    service: option.text(printable),
    issuer: issuers,
    rootcertbundle: z.optional(option.text()),
    jwks: z.optional(option.text()),
    signingalgorithms: z
      .array(option.choice([...signingAlgorithms, ...sharedSecretAlgorithms]))
      .prefault([...signingAlgorithms]),
    autoredirect: z.prefault(option.boolean(), false),
    autoredirectpath: z.optional(option.text(redirectPath)),
  })
  .superRefine(({ realm, autoredirect, rootcertbundle, jwks, signingalgorithms }, context) => {
    const refuse = (name: string, accepted: string): void =>
      context.addIssue({ code: 'custom', path: [name], params: { accepted } })
    if (!autoredirect && !isServer(realm)) refuse('realm', `${serverAccepted}, or any text with autoredirect`)
    if (rootcertbundle === undefined && jwks === undefined) {
      refuse('rootcertbundle', 'a file, here or as jwks: without keys no token can be checked')
    }
    if (publicOf(signingalgorithms).length === 0) {
      refuse('signingalgorithms', `one of ${signingAlgorithms.join(', ')}: ${whyNoSharedSecret}`)
    }
  })

function publicOf(names: readonly string[]): SigningAlgorithm[] {
  return names.filter(name => (signingAlgorithms as readonly string[]).includes(name)) as SigningAlgorithm[]
}

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
  if (kind === 'token') return tokenSettings(config, config.section(['auth', name], token))
  const why = kind === 'silly' ? 'lets everybody in who says anything' : 'unknown'
  throw mistake(config, [name], `${why}; accepted: htpasswd, token`)
}

function tokenSettings(config: Config, options: z.output<typeof token>): TokenSettings {
  const { realm, autoredirect, autoredirectpath, signingalgorithms } = options
  const shared = sharedSecretAlgorithms.filter(algorithm => signingalgorithms.includes(algorithm))
  if (shared.length > 0) warnIgnored(config, `auth.token.signingalgorithms: ${shared.join(', ')}`, whyNoSharedSecret)
  if (autoredirect && !isServer(realm)) {
    warnIgnored(config, 'auth.token.realm', 'with autoredirect the token server is at auth.token.autoredirectpath')
  }
  if (!autoredirect && autoredirectpath !== undefined) {
    warnIgnored(config, 'auth.token.autoredirectpath', 'the token server is at auth.token.realm without autoredirect')
  }
  return {
    kind: 'token',
    realm,
    redirectPath: autoredirect ? (autoredirectpath ?? '/auth/token') : undefined,
    service: options.service,
    issuers: options.issuer,
    rootCertBundle: options.rootcertbundle,
    jwks: options.jwks,
    algorithms: publicOf(signingalgorithms),
  }
}

function mistake(config: Config, path: string[], problem: string, blamed = path[0]): ConfigError {
  const { source } = config.part(blamed === undefined ? ['auth'] : ['auth', blamed])
  return new ConfigError([{ option: ['auth', ...path], problem, location: source.location }])
}
