import type { HTTPMethods } from 'fastify'
import fp from 'fastify-plugin'
import { RegistryError } from '../oci/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Ends the recording, and gives the methods of each endpoint by the pattern of its path. */
    recordedMethods(): ReadonlyMap<string, ReadonlySet<string>>
  }
}

export interface AllowedMethodsOptions {
  /** Methods that are turned off everywhere. Default: none. */
  disabled?: ReadonlySet<string> | undefined
}

/**
 * Records the methods of all routes that come after it, and gives every 405, that of a method which is turned off included,
 * an `Allow` header with the endpoint's other ones (RFC 9110, section 15.5.6).
 */
export const allowedMethods = fp<AllowedMethodsOptions>(
  async (app, { disabled = new Set() }) => {
    const allowed = new Map<string, ReadonlySet<string>>()
    let isRecording = true
    app.decorate('recordedMethods', () => {
      isRecording = false
      return allowed
    })
    app.addHook('onRoute', ({ url, method }) => {
      if (!isRecording) return
      allowed.set(url, new Set([...(allowed.get(url) ?? []), ...[method].flat()]))
    })
    app.addHook('onError', (request, reply, error, done) => {
      if (error instanceof RegistryError && error.status === 405) {
        const others = [...(allowed.get(request.routeOptions.url ?? '') ?? [])]
        const usable = others.filter(each => each !== request.method && !disabled.has(each))
        reply.header('allow', usable.toSorted().join(', '))
      }
      done()
    })
  },
  { name: 'allowed-methods', dependencies: ['error-handler'], fastify: '5.x' },
)

/** Answers 405 where there is an endpoint, but none with the request's method. Comes after all routes. */
export const methodNotAllowed = fp(
  async app => {
    for (const [url, methods] of app.recordedMethods()) {
      const method = app.supportedMethods.filter(each => !methods.has(each)) as HTTPMethods[]
      app.route({ method, url, handler: refuse })
    }
  },
  {
    name: 'method-not-allowed',
    dependencies: [
      'allowed-methods',
      'health-routes',
      'base-routes',
      'blob-routes',
      'upload-routes',
      'manifest-routes',
      'tag-routes',
      'referrer-routes',
      'catalog-routes',
    ],
    fastify: '5.x',
  },
)

async function refuse(): Promise<never> {
  throw new RegistryError('UNSUPPORTED', 'the endpoint has no such method')
}
