import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RegistryError } from '../oci/errors.ts'
import type { Authenticator, Identity, Problem } from '../auth/authenticator.ts'
import { type NeededScopes, neededScopes } from '../auth/needed-scopes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before any route runs. */
    identity: Identity
  }
}

/** What everybody may ask without saying who they are: whether the registry works. */
const openRoutes = new Set(['/healthz'])

/** Where nobody has to say who they are. */
const everybody: Identity = { name: undefined, may: () => true }

/**
 * Lets nobody through to a route, or to the lack of one, who may not use it. Whatever is asked for, the answer depends on
 * the request alone: the storage is not looked at before. Call it before the routes are added.
 */
export function guard(app: FastifyInstance, authenticator: Authenticator | undefined): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (authenticator === undefined || openRoutes.has(request.routeOptions.url ?? '')) {
      request.identity = everybody
      done()
      return
    }
    const enter = (identity: Identity): void => {
      request.identity = identity
      request.userName = identity.name
      done()
    }
    identify(authenticator, request).then(enter, done)
  })
}

async function identify(authenticator: Authenticator, request: FastifyRequest): Promise<Identity> {
  const needed = neededScopes(request)
  const refusal = (problem: Problem | undefined): RegistryError => {
    const scopes = [...needed.required, ...needed.helpful]
    const challenge = authenticator.challenge({ host: request.headers.host ?? '', scopes, problem })
    return unauthorized(needed, challenge)
  }
  const finding = await authenticator.identify(request.headers.authorization)
  if ('problem' in finding) throw refusal(finding.problem)
  if (!needed.required.every(scope => finding.identity.may(scope))) throw refusal('insufficient_scope')
  return finding.identity
}

/** The details are Distribution's: one entry for each action. */
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
