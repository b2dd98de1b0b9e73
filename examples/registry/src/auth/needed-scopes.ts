import type { FastifyRequest } from 'fastify'
import { isRepositoryName } from '../oci/names.ts'
import { type Action, type Scope, catalogScope, pullScope } from './scope.ts'

/** Scopes that a client needs for a request. */
export interface NeededScopes {
  /** Scopes without which it is refused. Empty: every authenticated client may do it. */
  readonly required: readonly Scope[]
  /** Scopes without which it gets less. */
  readonly helpful: readonly Scope[]
}

/**
 * Derives from method and route alone what a request needs. No storage is asked, so the answer to those who may not does not
 * depend on what is there. A name that no repository can have needs nothing: there is nothing to be seen under it.
 */
export function neededScopes({ method, routeOptions, params, query }: FastifyRequest): NeededScopes {
  const { url = '' } = routeOptions
  if (url === '/v2/_catalog') return { required: [catalogScope], helpful: [] }
  const name = textOf(params, 'name')
  if (name === undefined || !isRepositoryName(name)) return { required: [], helpful: [] }
  const isUpload = url.startsWith('/v2/:name/blobs/uploads')
  return {
    required: [{ type: 'repository', name, actions: isUpload ? ['pull', 'push'] : actionsOf(method) }],
    helpful: method === 'POST' && isUpload ? mountSource(name, query) : [],
  }
}

/** Actions of a request other than an upload's, which is a push from its start to its end, whatever the method. */
function actionsOf(method: string): Action[] {
  if (method === 'DELETE') return ['delete']
  return method === 'GET' || method === 'HEAD' ? ['pull'] : ['pull', 'push']
}

/** Scopes of the repository that a blob is mounted from. */
function mountSource(name: string, query: unknown): Scope[] {
  const from = textOf(query, 'from')
  const isOther = from !== undefined && from !== name && isRepositoryName(from)
  return isOther && textOf(query, 'mount') !== undefined ? [pullScope(from)] : []
}

function textOf(values: unknown, name: string): string | undefined {
  const value = (values as Record<string, unknown> | undefined)?.[name]
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}
