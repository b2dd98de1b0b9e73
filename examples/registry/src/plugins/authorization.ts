import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { AuthError, Authenticator, Identity, Refusal } from '../auth/authenticator.ts'
import { type NeededScopes, neededScopes } from '../auth/needed-scopes.ts'
import { scopeText } from '../auth/scope.ts'
import { RegistryError } from '../oci/errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Identity of the client. Set before any route runs. */
    identity: Identity
  }
}

export interface AuthorizationOptions {
  /** Default: everybody may do everything. */
  authenticator?: Authenticator | undefined
  /** Receives the reason when a client is refused that showed credentials. */
  onRefusal?: ((refusal: Refusal) => void) | undefined
}

/** Routes that are open to everybody: they tell nothing but that somebody answers. */
const openRoutes = new Set(['/', '/healthz'])

/** Identity of clients where there is no authenticator. */
const everybody: Identity = { name: undefined, may: () => true }

/**
 * Refuses clients that may not use a route, before it runs; unknown URLs included. The answer depends on the request alone:
 * the storage is not asked before.
 */
export const authorization = fp<AuthorizationOptions>(
  async (app, { authenticator, onRefusal = () => {} }) => {
    if (authenticator === undefined) {
      app.decorateRequest('identity', { getter: () => everybody })
      return
    }
    app.addHook('onRequest', (request, _reply, done) => {
      if (openRoutes.has(request.routeOptions.url ?? '')) {
        request.identity = everybody
        done()
        return
      }
      const enter = (identity: Identity): void => {
        request.identity = identity
        request.userName = identity.name
        done()
      }
      authorize(authenticator, request, onRefusal).then(enter, done)
    })
  },
  { name: 'authorization', dependencies: ['request-report', 'error-handler', 'cors-preflight'], fastify: '5.x' },
)

async function authorize(
  authenticator: Authenticator,
  request: FastifyRequest,
  onRefusal: (refusal: Refusal) => void,
): Promise<Identity> {
  const needed = neededScopes(request)
  const refuse = (error: AuthError | undefined, refusal?: Refusal): RegistryError => {
    if (refusal) onRefusal(refusal)
    const scopes = [...needed.required, ...needed.helpful]
    const challenge = authenticator.challenge({ host: request.headers.host ?? '', scopes, error })
    return unauthorized(needed, challenge)
  }
  const result = await authenticator.identify(request.headers.authorization)
  if ('error' in result) throw refuse(result.error, result.refusal)
  const missing = needed.required.filter(scope => !result.identity.may(scope))
  if (missing.length > 0) {
    const reason = `the credentials do not grant ${scopeText(missing)}`
    throw refuse('insufficient_scope', { kind: 'insufficient scope', reason })
  }
  return result.identity
}

/** Makes the error, with Distribution's details: one entry for each action. */
function unauthorized({ required }: NeededScopes, challenge: string): RegistryError {
  const detail = required.flatMap(({ type, name, actions }) =>
    actions.map(action => ({ Type: type, Class: '', Name: name, Action: action })),
  )
  const headers = { 'www-authenticate': challenge }
  return new RegistryError('UNAUTHORIZED', 'authentication required', {
    details: [detail.length > 0 ? detail : null],
    headers,
  })
}
