import { type JWTPayload, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { z } from 'zod'
import type { TokenSettings } from '../config/auth.ts'
import { FileWatcher } from '../config/file-watcher.ts'
import {
  type ChallengeContext,
  type AuthResult,
  type Authenticator,
  type Identity,
  credentials,
  quoted,
} from './authenticator.ts'
import { type Scope, scopeText } from './scope.ts'
import { tokenError } from './token-error.ts'
import { readTokenKeys } from './token-keys.ts'

/** Seconds by which the token server's clock may be wrong, as in Distribution. */
const CLOCK_TOLERANCE_SECONDS = 60

/** Distribution's claim of what the bearer may do. A class, which may be there too, does not count. */
const accessClaim = z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })).nullish()

/**
 * Creates an authenticator of clients with a token of the token server, which says what they may do. A changed key file
 * counts within seconds; `onError` is called when it is wrong, and until it is mended the one before counts.
 */
export async function createTokenAuthenticator(
  settings: TokenSettings,
  onError: (error: unknown) => void,
): Promise<Authenticator> {
  const { rootCertBundle, jwks } = settings
  const keys = await FileWatcher.load({
    paths: [rootCertBundle, jwks].filter(path => path !== undefined),
    load: () => readTokenKeys(settings),
    onError,
  })
  const claims = {
    issuer: [...settings.issuers],
    audience: settings.service,
    algorithms: [...settings.algorithms],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp'],
  }
  const verify = async (token: string): Promise<JWTPayload> => {
    const header = decodeProtectedHeader(token)
    if (!settings.algorithms.some(algorithm => algorithm === header.alg)) throw new errors.JOSEAlgNotAllowed()
    let failure: unknown
    for (const key of keys.current.candidates(header)) {
      try {
        return (await jwtVerify(token, key, claims)).payload
      } catch (error) {
        // Of several that fit, another one may be right.
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
        failure = error
      }
    }
    throw failure
  }
  return {
    identify: authorization => identify(credentials(authorization, 'bearer'), verify),
    challenge: context => challenge(settings, context),
    [Symbol.dispose]: () => keys[Symbol.dispose](),
  }
}

async function identify(
  token: string | undefined,
  verify: (token: string) => Promise<JWTPayload>,
): Promise<AuthResult> {
  if (token === undefined) return { error: undefined }
  try {
    const { sub, access } = await verify(token)
    return { identity: bearer(sub || undefined, accessClaim.parse(access) ?? []) }
  } catch (error) {
    // Whatever is wrong with it, it is the client's own, and all it can do is to get another one.
    return { error: 'invalid_token', refusal: tokenError(error) }
  }
}

function bearer(name: string | undefined, access: NonNullable<z.output<typeof accessClaim>>): Identity {
  return {
    name,
    may: (scope: Scope) => {
      const given = access.filter(({ type, name: of }) => type === scope.type && of === scope.name)
      const actions = new Set(given.flatMap(entry => entry.actions))
      return actions.has('*') || scope.actions.every(action => actions.has(action))
    },
  }
}

/** Makes Distribution's form of RFC 6750's challenge. */
function challenge({ realm, redirectPath, service }: TokenSettings, { host, scopes, error }: ChallengeContext): string {
  const isHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host)
  const server = redirectPath !== undefined && isHost ? `https://${host}${redirectPath}` : realm
  const parameters = [quoted('realm', server), quoted('service', service)]
  if (scopes.length > 0) parameters.push(quoted('scope', scopeText(scopes)))
  if (error !== undefined) parameters.push(quoted('error', error))
  return `Bearer ${parameters.join(',')}`
}
